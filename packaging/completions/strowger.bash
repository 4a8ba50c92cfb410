# Completion of strowger for bash; made by `strowger completion bash`.
_strowger() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
    [[ $word == = ]] && word=
    [[ $before == = ]] && before=${COMP_WORDS[COMP_CWORD-2]}
    case $before in
    -c | --config) compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")) ;;
    -p | --port) COMPREPLY=() ;;
    -H | --host) COMPREPLY=() ;;
    --listen) COMPREPLY=() ;;
    --tls-cert) compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")) ;;
    --tls-key) compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")) ;;
    --behind-proxy) COMPREPLY=() ;;
    --handshake-timeout) COMPREPLY=() ;;
    --mount) COMPREPLY=() ;;
    --web-root) compopt -o filenames; COMPREPLY=($(compgen -d -- "$word")) ;;
    --greeting) COMPREPLY=() ;;
    --unknown-text) COMPREPLY=() ;;
    --allow-origin) COMPREPLY=() ;;
    --room-capacity) COMPREPLY=() ;;
    --room-log) COMPREPLY=($(compgen -W 'on off' -- "$word")) ;;
    --room-sentences) COMPREPLY=($(compgen -W 'on off' -- "$word")) ;;
    --room-broadcast) COMPREPLY=($(compgen -W 'on off' -- "$word")) ;;
    --room-event) COMPREPLY=() ;;
    --peerjs-path) COMPREPLY=() ;;
    -k | --peerjs-key) COMPREPLY=() ;;
    --alive-timeout) COMPREPLY=() ;;
    -t | --expire-timeout) COMPREPLY=() ;;
    --concurrent-limit) COMPREPLY=() ;;
    --peerjs-leave) COMPREPLY=($(compgen -W 'on off' -- "$word")) ;;
    --namespace) COMPREPLY=() ;;
    --ping-interval) COMPREPLY=() ;;
    --ping-timeout) COMPREPLY=() ;;
    --max-payload) COMPREPLY=() ;;
    --connect-timeout) COMPREPLY=() ;;
    --upgrade-timeout) COMPREPLY=() ;;
    --stun) COMPREPLY=() ;;
    --turn-url) COMPREPLY=() ;;
    --turn-secret-file) compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")) ;;
    --turn-ttl) COMPREPLY=() ;;
    --max-connections) COMPREPLY=() ;;
    --max-connections-per-address) COMPREPLY=() ;;
    --connection-rate) COMPREPLY=() ;;
    --max-nameless) COMPREPLY=() ;;
    --stun-rate) COMPREPLY=() ;;
    --ice-rate) COMPREPLY=() ;;
    --trust-loopback) COMPREPLY=($(compgen -W 'on off' -- "$word")) ;;
    --message-rate) COMPREPLY=() ;;
    --byte-rate) COMPREPLY=() ;;
    --join-rate) COMPREPLY=() ;;
    --failed-login-rate) COMPREPLY=() ;;
    --address-rate-factor) COMPREPLY=() ;;
    --rate-patience) COMPREPLY=() ;;
    --max-rooms) COMPREPLY=() ;;
    --max-members) COMPREPLY=() ;;
    --max-calls) COMPREPLY=() ;;
    --stall-timeout) COMPREPLY=() ;;
    --max-queued) COMPREPLY=() ;;
    --max-message) COMPREPLY=() ;;
    --max-fragments) COMPREPLY=() ;;
    --message-timeout) COMPREPLY=() ;;
    --max-controls) COMPREPLY=() ;;
    --ws-ping-interval) COMPREPLY=() ;;
    --ws-ping-timeout) COMPREPLY=() ;;
    --login-timeout) COMPREPLY=() ;;
    --head-timeout) COMPREPLY=() ;;
    --workers) COMPREPLY=() ;;
    --drain-time) COMPREPLY=() ;;
    --hand-over) COMPREPLY=() ;;
    --user) COMPREPLY=() ;;
    --admin) COMPREPLY=() ;;
    --log-rate) COMPREPLY=() ;;
    --log-level) COMPREPLY=($(compgen -W 'error warn info debug trace' -- "$word")) ;;
    --log-format) COMPREPLY=($(compgen -W 'text json' -- "$word")) ;;
    completion) COMPREPLY=($(compgen -W 'bash zsh fish' -- "$word")) ;;
    *) COMPREPLY=($(compgen -W 'check completion config health status tail reference --config --port --host --listen --tls-cert --tls-key --dev --behind-proxy --handshake-timeout --mount --web-root --greeting --unknown-text --allow-origin --room-capacity --room-log --room-sentences --room-broadcast --room-event --peerjs-path --peerjs-key --alive-timeout --expire-timeout --concurrent-limit --allow-discovery --peerjs-leave --namespace --ping-interval --ping-timeout --max-payload --connect-timeout --upgrade-timeout --stun --turn-url --turn-secret-file --turn-ttl --max-connections --max-connections-per-address --connection-rate --max-nameless --stun-rate --ice-rate --trust-loopback --message-rate --byte-rate --join-rate --failed-login-rate --address-rate-factor --rate-patience --no-rate-limits --max-rooms --max-members --max-calls --stall-timeout --max-queued --max-message --max-fragments --message-timeout --max-controls --ws-ping-interval --ws-ping-timeout --login-timeout --head-timeout --workers --drain-time --hand-over --user --admin --log-rate --log-level --log-format --help --version' -- "$word")) ;;
    esac
}
complete -F _strowger strowger
