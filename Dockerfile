# strowger in a container: built in one stage, run from another as nobody, with a read-only root if you like.
#
#     docker build -t strowger . && docker run -p 8888:8888 -p 8888:8888/udp strowger
FROM debian:12-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates gcc libc6-dev libqrencode-dev \
    libssl-dev libuv1-dev make npm pkg-config zlib1g-dev
WORKDIR /build
COPY . .
RUN make -j"$(nproc)" && strip strowger

FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends libqrencode4 libssl3 libuv1 zlib1g \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /build/strowger /usr/bin/strowger
USER 65534:65534
EXPOSE 8888/tcp 8888/udp
HEALTHCHECK --interval=15s --timeout=3s --start-period=2s CMD ["/usr/bin/strowger", "health"]
ENTRYPOINT ["/usr/bin/strowger"]
