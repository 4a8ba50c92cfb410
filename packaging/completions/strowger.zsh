#compdef strowger
# Completion of strowger for zsh; made by `strowger completion zsh`.
_arguments -s -S \
    '(-c --config)'{-c+,--config=}'[read settings from FILE; the environment and flags count before it]:FILE:_files' \
    '(-p --port)'{-p+,--port=}'[listen on this port, TCP and UDP; 0 takes a free one]:PORT:' \
    '(-H --host)'{-H+,--host=}'[listen on this address only, not on every one of this machine]:HOST:' \
    '*'--listen='[listen there instead, with TLS or without; no HOST is every address; repeatable]:\[tls\:\]HOST\:PORT:' \
    '*'--tls-cert='[PEM file of a certificate and its chain; without --listen all is TLS]:FILE:_files' \
    '*'--tls-key='[its key; repeat both for ECDSA beside RSA]:FILE:_files' \
    --dev'[make up a certificate and serve https beside http, on port 8443]' \
    '*'--behind-proxy='[believe proxies there who their client is\: PROXY protocol, X-Forwarded-For, Forwarded; repeatable]:CIDR:' \
    --handshake-timeout='[close a connection whose TLS handshake takes longer]:TIME:' \
    '*'--mount='[speak DIALECT at PATH; repeatable, over the ones below]:PATH=DIALECT:' \
    --web-root='[serve this directory instead of the built-in page]:DIR:_files -/' \
    --greeting='[login dialect\: send TEXT as the first message]:TEXT:' \
    --unknown-text='[login, join dialect\: what stands before the type in the answer to an unknown one]:TEXT:' \
    '*'--allow-origin='[let only pages of this origin in\: exact, https\://*.example.org, null, *; repeatable]:ORIGIN:' \
    --room-capacity='[members of a room]:N:' \
    --room-log='[tell clients what happens in `log` events]:which:(on off)' \
    --room-sentences='[emit the tutorial'\''s events named by sentences]:which:(on off)' \
    --room-broadcast='[pass messages to everyone, not the room]:which:(on off)' \
    '*'--room-event='[what a page calls one of our events; repeatable]:THEIRS=OURS:' \
    --peerjs-path='[the path that clients are told]:PATH:' \
    '(-k --peerjs-key)'{-k+,--peerjs-key=}'[the key that clients must know]:KEY:' \
    --alive-timeout='[close clients that send nothing for this long]:TIME:' \
    '(-t --expire-timeout)'{-t+,--expire-timeout=}'[how long messages wait for who is not there]:TIME:' \
    --concurrent-limit='[how many may be there at once]:N:' \
    --allow-discovery'[tell everyone who asks which ids are there]' \
    --peerjs-leave='[tell those a client talked to when it goes]:which:(on off)' \
    '*'--namespace='[a Socket.IO namespace that there is beside /; repeatable]:NAME:' \
    --ping-interval='[Engine.IO\: time between heartbeats]:TIME:' \
    --ping-timeout='[Engine.IO\: how long a heartbeat may go unanswered]:TIME:' \
    --max-payload='[Engine.IO\: refuse longer messages and request bodies]:SIZE:' \
    --connect-timeout='[Socket.IO\: close clients that join no namespace]:TIME:' \
    --upgrade-timeout='[Engine.IO\: close WebSockets that do not upgrade]:TIME:' \
    '*'--stun='[tell clients of this STUN server, not of our own port; repeatable]:URL:' \
    '*'--turn-url='[tell clients of this TURN server; repeatable]:URL:' \
    --turn-secret-file='[its static-auth-secret, for credentials that expire]:FILE:_files' \
    --turn-ttl='[how long these are good]:TIME:' \
    --max-connections='[refuse connections beyond so many (503); 0\: as many as there are descriptors for]:N:' \
    --max-connections-per-address='[refuse connections of one address, or IPv6 /64, beyond so many (429); 0\: none]:N:' \
    --connection-rate='[refuse connections of one address beyond so many a second, and at once (429); 0\: none]:RATE\[\:BURST\]:' \
    --max-nameless='[refuse sessions of one address beyond so many that have no name or room yet (429); 0\: none]:N:' \
    --stun-rate='[answer no more STUN requests of one IPv4 /24 or IPv6 /56 than so many a second, and at once; 0\: all]:RATE\[\:BURST\]:' \
    --ice-rate='[tell those of one IPv4 /24 or IPv6 /56 of ICE servers no more often a second, and at once; 0\: always]:RATE\[\:BURST\]:' \
    --trust-loopback='[hold this machine'\''s own addresses to none of the limits of one address]:which:(on off)' \
    --message-rate='[hold back a connection that sends more messages a second, and at once; 0\: none]:RATE\[\:BURST\]:' \
    --byte-rate='[hold back a connection that sends more bytes a second, and at once; 0\: none]:RATE\[\:BURST\]:' \
    --join-rate='[hold back a connection that joins more rooms a second, and at once; 0\: none]:RATE\[\:BURST\]:' \
    --failed-login-rate='[hold back a connection that asks for taken names more often a second, and at once; 0\: none]:RATE\[\:BURST\]:' \
    --address-rate-factor='[let all connections of one address together have so many times what one has; 0\: without limit]:N:' \
    --rate-patience='[end a connection that had to be held back without a pause for so long (close code 1008)]:TIME:' \
    --no-rate-limits'[measure nothing of the rates above]' \
    --max-rooms='[how many rooms or topics one session may be in]:N:' \
    --max-members='[how many may be in one room or topic; rooms dialect\: see --room-capacity]:N:' \
    --max-calls='[how many calls one may be in, ring and be rung by, all together]:N:' \
    --stall-timeout='[end a connection whose client takes nothing of what waits for it for so long (1013)]:TIME:' \
    --max-queued='[end the slowest when more than so much waits for all, to be sent or to be whole (1013); 0\: any amount]:SIZE:' \
    --max-message='[refuse longer WebSocket messages (close code 1009)]:SIZE:' \
    --max-fragments='[refuse WebSocket messages of more fragments (1009)]:N:' \
    --message-timeout='[close a WebSocket whose message takes longer from its first byte to its last (1008)]:TIME:' \
    --max-controls='[close a WebSocket that sends more pings and pongs than this in a second (1008)]:N:' \
    --ws-ping-interval='[ping a WebSocket that has been silent this long]:TIME:' \
    --ws-ping-timeout='[close it when it stays silent this long after that]:TIME:' \
    --login-timeout='[close a session that has no name or room by then (1008); 0ms\: never]:TIME:' \
    --head-timeout='[close a connection whose HTTP request takes longer]:TIME:' \
    --workers='[serve with N threads; 0\: one for each core that may be used]:N:' \
    --drain-time='[on SIGTERM, spread the closing of connections over this long; a second SIGTERM exits at once]:TIME:' \
    --hand-over='[take the sockets over from who listens at PATH, and give them to who comes there next, without a gap]:PATH:' \
    --user='[become this user when started as root, once all ports are open; nobody when nothing is said]:USER:' \
    --admin='[answer operators at HOST\:PORT or unix\:PATH, or off; 127.0.0.1\:9888 when nothing is said and it is free]:ADDRESS:' \
    --log-rate='[leave out what a worker logs beyond so many records a second, and at once, but errors; 0\: nothing]:RATE\[\:BURST\]:' \
    --log-level='[log what is that grave, and graver]:which:(error warn info debug trace)' \
    --log-format='[write each record of the log as words or as a JSON object; one line, on stderr]:which:(text json)' \
    '(- *)'{-h,--help}'[say what there is to say and exit]' \
    '(- *)'{-v,--version}'[say which version this is and exit]' \
    '1:subcommand:((check\:"say what is wrong with the settings\: exit status 0 for nothing, or 1" completion\:"print what bash, zsh or fish need to complete command lines" config\:"show the settings that count and who said so, as a file" health\:"ask a running server whether it is well\: exit status 0, or 1" status\:"show what a running server does at the moment" tail\:"show a running server'\''s messages as they pass" reference\:"print all settings there are; as a file to begin with\: reference sample"))'
