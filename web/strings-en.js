// SPDX-License-Identifier: MIT
// The page's texts in English. Every other language has the same keys.

export default {
    // the page around everything
    changeLanguage: 'Language',
    unsupported: 'This browser cannot make video calls. A current Firefox, Chrome, Edge or Safari can.',

    // before joining
    joinTitle: 'Video calls, by name.',
    joinLead: 'Pick a name and join. Others call you by it; there is nothing to install or sign up for.',
    joinTitleTo: 'Call {name}',
    joinLeadTo: 'You were invited. Pick a name, so that {name} knows who is calling.',
    yourName: 'Your name',
    suggestName: 'Suggest another name',
    join: 'Join',
    joinAndCall: 'Join and call {name}',
    joining: 'Joining…',
    nameTaken: 'Somebody here is already called {name}. Try another name.',
    nameTooLong: 'That name is too long.',
    unreachable: 'The server does not answer. Check your connection, then try again.',

    // camera and microphone
    preview: 'Your camera',
    cameraIsOff: 'Your camera is off',
    cameraStarting: 'Starting your camera…',
    mute: 'Mute microphone',
    unmute: 'Unmute microphone',
    cameraOff: 'Turn camera off',
    cameraOn: 'Turn camera on',
    microphoneLevel: 'Microphone level',
    camera: 'Camera',
    microphone: 'Microphone',
    speaker: 'Speaker',
    unnamedDevice: '{kind} {n}',
    settings: 'Settings',
    shortcuts: 'Keys M, V and F switch microphone, camera and full screen',
    done: 'Done',

    // what can be wrong with them, and what to do
    deviceAudio: 'microphone',
    deviceVideo: 'camera',
    deviceBoth: 'camera and microphone',
    insecureTitle: 'This address is not secure',
    insecureRemedy:
        'Browsers give camera and microphone only to pages on https:// and on localhost. Use one of these addresses:',
    insecureHere: 'on the computer that runs the server',
    insecureTls: 'if the server, or a proxy before it, has a certificate',
    insecureDev: 'if the server was started with --dev',
    deniedTitle: 'No permission to use the {device}',
    deniedRemedy:
        'Click the icon beside the address, allow the {device}, then try again. ' +
        'The system’s privacy settings must allow it to the browser, too.',
    missingTitle: 'No {device} found',
    missingRemedy: 'Plug one in, or switch it on, then try again.',
    busyTitle: 'Another program is using the {device}',
    busyRemedy: 'Close other programs and tabs that may be using the {device}, then try again.',
    unsuitableTitle: 'Cannot use that {device}',
    unsuitableRemedy: 'It may have been unplugged. Choose another one in the list, then try again.',
    failedTitle: 'The {device} did not start',
    failedRemedy: 'Unplug it and plug it in again, or restart the browser, then try again.',
    joinAnyway: 'You can join without: you will still see and hear the other side.',
    tryAgain: 'Try again',

    // joined, waiting
    youAre: 'You are {name}',
    waiting: 'Ready for calls',
    offline: 'Connection lost. Trying again…',
    callSomeone: 'Call someone',
    theirName: 'Their name',
    call: 'Call',
    callSelf: 'That is you.',
    callName: 'Call {name}',
    inviteSomeone: 'Or let someone call you',
    copy: 'Copy link',
    copied: 'Link copied',
    share: 'Share link',
    qrCode: 'Show QR code',
    qrTitle: 'Scan to call {name}',
    shareText: 'Call me',
    changeName: 'Change name',

    // ringing
    isCalling: '{name} is calling',
    accept: 'Accept',
    decline: 'Decline',

    // in a call
    calling: 'Calling…',
    ringing: 'Ringing…',
    connecting: 'Connecting…',
    reconnecting: 'Reconnecting…',
    hangUp: 'Hang up',
    hangUpQuestion: 'Hang up?',
    stay: 'Stay',
    shareScreen: 'Share your screen',
    stopSharing: 'Stop sharing',
    fullScreen: 'Full screen',
    exitFullScreen: 'Exit full screen',
    direct: 'Direct',
    relayed: 'Relayed',
    directExplained: 'Picture and sound go directly from browser to browser. Round trip: {rtt} ms',
    relayedExplained: 'Picture and sound go through a relay. Round trip: {rtt} ms',
    peerMuted: '{name} is muted',
    peerUnmuted: '{name} is not muted any more',
    peerCameraOff: '{name} turned the camera off',
    tapToPlay: 'Tap to see and hear {name}',
    lineLost: 'The connection to the server is lost. Your call goes on.',
    lineBack: 'Connected to the server again.',
    connectedTo: 'In a call with {name}',

    // after a call; {name} is the other side
    endHungup: 'You ended the call with {name}',
    endLeft: '{name} has left',
    endLost: 'The connection to {name} was lost',
    endApart: 'The network has no way from you to {name}',
    endDeclined: '{name} declined your call',
    endBusy: '{name} is in another call',
    endAbsent: '{name} is not here',
    endUnanswered: '{name} did not answer',
    endCancelled: 'You cancelled the call to {name}',
    endOffline: '{name} could not be called: the server does not answer',
    endMissed: 'You missed a call from {name}',
    endTurnedDown: 'You declined a call from {name}',
    callAgain: 'Call again',
    callBack: 'Call back',

    // before being in a room
    roomTitle: 'Meet in a room.',
    roomLead: 'Pick a name for the room, join, and send its link to somebody. The call starts as soon as they come.',
    roomTitleTo: 'Join room {name}',
    roomLeadTo: 'You were invited. The call starts as soon as both of you are in the room.',
    roomName: 'Room name',
    suggestRoom: 'Suggest another room',
    joinRoom: 'Join',
    roomFull: 'Two people are already in room {name}. Try again later, or meet in another room.',

    // from each page to the other
    meetInstead: 'Or meet in a room',
    callInstead: 'Or call somebody by name',

    // in a room
    inRoom: 'Room {name}',
    waitingInRoom: 'Waiting for the other person…',
    leaveRoom: 'Leave',
    inviteToRoom: 'Send somebody this link',
    qrTitleRoom: 'Scan to meet in room {name}',
    shareTextRoom: 'Meet me here',
    otherPerson: 'The other person',
    talkingInRoom: 'In a call in room {name}',
    otherLeft: 'The other person has left',
    otherLost: 'The connection to the other person was lost',
    otherApart: 'The network has no way from you to the other person',

    // on the check page
    checkTitle: 'Will calls work from here?',
    checking: 'Checking…',
    checkAgain: 'Check again',
    toCalls: 'Back to calls',
    verdictAll: 'Yes. Calls will work from here, past strict firewalls too.',
    verdictMost: 'Most likely. Only a strict firewall, on your side or theirs, would be in the way.',
    verdictLocal: 'Perhaps. Calls will reach people on the same network, but hardly anybody else.',
    verdictNone: 'No. The server cannot be reached in the way that calls need.',
    socketTitle: 'The server',
    socketPurpose: 'Brings the two of you together, over WebSocket.',
    socketOpen: 'It answers.',
    socketClosed: 'It does not answer.',
    socketRemedy:
        'If this page loads and this fails, something in between does not let WebSocket through: a company’s proxy, ' +
        'a virus scanner, or a proxy in front of the server. Try another network, or ask whoever runs the server.',
    stunTitle: 'The direct way',
    stunPurpose: 'Finds out how others see your address, over UDP (STUN).',
    stunAddress: 'It works. Others see you as {address}.',
    stunDirect: 'It works. Others see your address as it is.',
    stunSilent: 'There is no answer.',
    stunRemedy:
        'A firewall may block UDP where you are; try another network, such as a phone’s. ' +
        'Or the server’s UDP port is closed: whoever runs it must open that beside the TCP port of this page.',
    turnTitle: 'The way round',
    turnPurpose: 'Passes calls on where there is no direct way (TURN, a relay).',
    turnWorks: 'It works.',
    turnFails: 'It does not work.',
    turnAbsent: 'This server has no relay.',
    turnAbsentRemedy: 'Perhaps one call in ten needs one. Whoever runs the server can set it up, as docs/turn.md tells.',
    turnRelays: 'gives a relay',
    turnRefuses: 'refuses our credentials',
    turnSilent: 'does not answer',
    turnRefusesRemedy:
        'The relay does not take what the server signs: their secrets or their clocks differ. ' +
        'Whoever runs them finds more in docs/turn.md.',
    turnRemedy:
        'A firewall may block it where you are, or it is not running. ' +
        'A relay on port 443 with TLS (turns:) gets through nearly everywhere.',
};
