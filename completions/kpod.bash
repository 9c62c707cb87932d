# bash completion for kpod, made by `npm run docs` from kpod's table of commands.

# The words that can follow COMMAND.
__kpod_next() {
    case $1 in
        '') offer=(ps why inspect logs diff export stats events top run create exec attach debug start stop restart kill pause update unpause checkpoint restore wait rename rm cp mount umount pod port-forward kube images pull push load save rmi tag untag history login logout info system doctor config report help state version completion network) ;;
        pod) offer=(ps run inspect stop kill pause unpause reload-network rm) ;;
        kube) offer=(play generate down) ;;
        system) offer=(df prune) ;;
        doctor) offer=(undo history) ;;
        state) offer=(save diff) ;;
        network) offer=(ls inspect check) ;;
        *) return 1 ;;
    esac
}

# The flags that can follow COMMAND.
__kpod_flags() {
    case $1 in
        ps) offer=(--all --filter --last --latest --namespace --ns --orphans --pid-tree --pod --size --sort --watch --quiet --no-trunc --noheading --format) ;;
        why) offer=(--lines --format --live) ;;
        inspect) offer=(--type --format --size --attempt) ;;
        logs) offer=(--follow --since --until --tail --timestamps --stream --names --details --previous --attempt --limit-bytes --reopen) ;;
        diff) offer=(--format) ;;
        export) offer=(--output) ;;
        stats) offer=(--all --no-stream --interval --pod --sort --no-trunc --format --json) ;;
        events) offer=(--filter --since --until --format --json --no-stream) ;;
        top) offer=(--pod --watch --format --list-descriptors) ;;
        run) offer=(--detach --rm --attach --detach-keys --sig-proxy --interactive --tty --stdin-once --name --pod --pull --force --label --annotation --env --env-file --entrypoint --user --workdir --volume --mount --tmpfs --read-only --memory --memory-swap --cpus --cpu-shares --cpuset-cpus --pids-limit --ulimit --oom-score-adj --cap-add --cap-drop --privileged --device --security-opt --init --stop-signal --stop-timeout --log-opt --restart --userns --network --publish --ip --mac --dns --dns-search --dns-option --add-host --sysctl --runtime-handler --hostname --cgroup-parent) ;;
        create) offer=(--interactive --tty --stdin-once --name --pod --pull --force --label --annotation --env --env-file --entrypoint --user --workdir --volume --mount --tmpfs --read-only --memory --memory-swap --cpus --cpu-shares --cpuset-cpus --pids-limit --ulimit --oom-score-adj --cap-add --cap-drop --privileged --device --security-opt --init --stop-signal --stop-timeout --log-opt --restart --userns --network --publish --ip --mac --dns --dns-search --dns-option --add-host --sysctl --runtime-handler --hostname --cgroup-parent) ;;
        exec) offer=(--interactive --tty --detach --env --env-file --user --workdir --privileged --timeout --preserve-fds --all --latest --pod --label --filter --parallel) ;;
        attach) offer=(--no-stdin --detach-keys --sig-proxy) ;;
        debug) offer=(--image --host-tools --target-root --copy --interactive --tty --env --env-file --user --workdir --privileged --pull) ;;
        start) offer=(--attach --interactive --detach-keys --sig-proxy --force --all --latest --pod --label --filter) ;;
        stop) offer=(--timeout --all --latest --pod --label --filter) ;;
        restart) offer=(--time --force --all --latest --pod --label --filter) ;;
        kill) offer=(--signal --all --latest --pod --label --filter) ;;
        pause) offer=(--all --latest --pod --label --filter) ;;
        update) offer=(--memory --memory-swap --cpus --cpu-shares --cpuset-cpus --pids-limit) ;;
        unpause) offer=(--all --latest --pod --label --filter) ;;
        checkpoint) offer=(--export --leave-running --tcp-established) ;;
        restore) offer=(--import --pod --name --pull --network --publish --ip --mac --dns --dns-search --dns-option --add-host --sysctl --tcp-established --force) ;;
        wait) offer=(--condition --timeout --all --latest --pod --label --filter) ;;
        rename) offer=() ;;
        rm) offer=(--force --all --latest --pod --label --filter) ;;
        cp) offer=(--archive --follow-link) ;;
        mount) offer=(--format --no-trunc --label) ;;
        umount) offer=(--force) ;;
        'pod ps') offer=(--filter --network --sort --quiet --no-trunc --noheading --format) ;;
        'pod run') offer=(--name --namespace --label --hostname --annotation --privileged --userns --network --publish --ip --mac --dns --dns-search --dns-option --add-host --sysctl --runtime-handler --pull --cgroup-parent) ;;
        'pod inspect') offer=(--format) ;;
        'pod stop') offer=(--timeout) ;;
        'pod kill') offer=(--signal) ;;
        'pod pause') offer=() ;;
        'pod unpause') offer=() ;;
        'pod reload-network') offer=(--all) ;;
        'pod rm') offer=(--force) ;;
        port-forward) offer=(--address) ;;
        'kube play') offer=(--configmap --network --runtime-handler --pull --cgroup-parent) ;;
        'kube generate') offer=() ;;
        'kube down') offer=(--force) ;;
        images) offer=(--all --digests --filter --quiet --no-trunc --noheading --format) ;;
        pull) offer=(--all-tags --creds --authfile --cert-dir --tls-verify --signature-policy --platform --policy --quiet) ;;
        push) offer=(--creds --authfile --cert-dir --tls-verify --signature-policy --remove-signatures --sign-by --quiet) ;;
        load) offer=(--input --tag --quiet) ;;
        save) offer=(--output --format --quiet) ;;
        rmi) offer=(--all --force --prune) ;;
        tag) offer=() ;;
        untag) offer=() ;;
        history) offer=(--human --no-trunc --quiet --format) ;;
        login) offer=(--username --password --password-stdin --get-login --authfile --cert-dir --tls-verify) ;;
        logout) offer=(--all --authfile) ;;
        info) offer=(--debug --format) ;;
        'system df') offer=(--verbose --format --no-trunc --noheading) ;;
        'system prune') offer=(--all --filter --dry-run --yes) ;;
        doctor) offer=(--quick --format --output --since --min-age --mend --dry-run --yes --live) ;;
        'doctor undo') offer=(--yes) ;;
        'doctor history') offer=(--noheading) ;;
        config) offer=() ;;
        report) offer=(--output --max-size) ;;
        help) offer=() ;;
        'state save') offer=() ;;
        'state diff') offer=(--format --no-trunc) ;;
        version) offer=(--format) ;;
        completion) offer=() ;;
        'network ls') offer=(--quiet --format --noheading) ;;
        'network inspect') offer=(--format) ;;
        'network check') offer=(--format) ;;
        *) offer=() ;;
    esac
    offer+=(--config --log-level --root --runroot --storage-driver --storage-opt --log-dir --host --host-root --runtime --lock-timeout --help --version)
}

# What the value of FLAG of COMMAND is. The flag's long name goes to flag.
__kpod_value() {
    flag=$2 many='' global='' bars=()
    case "$1 $2" in
        'ps --all' | 'ps -a') flag=--all bars=(--last --latest) action=(switch) ;;
        'ps --filter' | 'ps -f') flag=--filter many=1 action=(filters 'ps --filter') ;;
        'ps --last' | 'ps -n') flag=--last bars=(--latest --all) action=(nothing) ;;
        'ps --latest' | 'ps -l') flag=--latest bars=(--last --all) action=(switch) ;;
        'ps --namespace') flag=--namespace action=(switch) ;;
        'ps --ns') flag=--ns action=(switch) ;;
        'ps --orphans') flag=--orphans bars=(--pid-tree) action=(switch) ;;
        'ps --pid-tree') flag=--pid-tree bars=(--format --quiet --orphans) action=(switch) ;;
        'ps --pod') flag=--pod action=(switch) ;;
        'ps --size' | 'ps -s') flag=--size action=(switch) ;;
        'ps --sort') flag=--sort action=(words command created id image names pod runningfor size status) ;;
        'ps --watch' | 'ps -w') flag=--watch action=(switch) ;;
        'ps --quiet' | 'ps -q') flag=--quiet bars=(--pid-tree) action=(switch) ;;
        'ps --no-trunc') flag=--no-trunc action=(switch) ;;
        'ps --noheading') flag=--noheading action=(switch) ;;
        'ps --format') flag=--format bars=(--pid-tree) action=(fields ID Image ImageID Command CreatedAt Created RunningFor Status Ports Size Names Labels Mounts ProcessLabel MountLabel PID Cgroup IPC MNT NET PIDNS User UTS Pod PodID PodNamespace State ExitCode) ;;
        'why --lines' | 'why -n') flag=--lines action=(nothing) ;;
        'why --format') flag=--format action=(words text json) ;;
        'why --live') flag=--live action=(switch) ;;
        'inspect --type' | 'inspect -t') flag=--type action=(words container image pod all) ;;
        'inspect --format' | 'inspect -f') flag=--format action=(fields ID Name LogPath Labels Annotations State Metadata BundlePath StopSignal Image ImageID Mountpoint MountLabel Mounts AppArmorProfile ImageAnnotations CreatedBy Config SizeRw SizeRootFs Args ResolvConfPath HostnamePath HostsPath GraphDriver PodID PodName PodNamespace CgroupPath IPs Pid ProcessLabel Networks PortMappings IDMappings) ;;
        'inspect --size') flag=--size action=(switch) ;;
        'inspect --attempt') flag=--attempt action=(nothing) ;;
        'logs --follow' | 'logs -f') flag=--follow bars=(--reopen) action=(switch) ;;
        'logs --since') flag=--since action=(nothing) ;;
        'logs --until') flag=--until action=(nothing) ;;
        'logs --tail') flag=--tail action=(nothing) ;;
        'logs --timestamps' | 'logs -t') flag=--timestamps action=(switch) ;;
        'logs --stream') flag=--stream action=(words stdout stderr) ;;
        'logs --names') flag=--names action=(switch) ;;
        'logs --details') flag=--details action=(switch) ;;
        'logs --previous' | 'logs -p') flag=--previous bars=(--attempt --reopen) action=(switch) ;;
        'logs --attempt') flag=--attempt bars=(--previous) action=(nothing) ;;
        'logs --limit-bytes') flag=--limit-bytes action=(nothing) ;;
        'logs --reopen' | 'logs -r') flag=--reopen bars=(--follow --previous) action=(switch) ;;
        'diff --format') flag=--format action=(words json) ;;
        'export --output' | 'export -o') flag=--output action=(file) ;;
        'stats --all' | 'stats -a') flag=--all action=(switch) ;;
        'stats --no-stream') flag=--no-stream action=(switch) ;;
        'stats --interval') flag=--interval action=(nothing) ;;
        'stats --pod') flag=--pod action=(switch) ;;
        'stats --sort') flag=--sort action=(words container name cpu mem mem_percent net block pids) ;;
        'stats --no-trunc') flag=--no-trunc action=(switch) ;;
        'stats --format') flag=--format bars=(--json) action=(fields Container ID Name CPUPerc MemUsage MemPerc NetIO BlockIO PIDs OOMKills CPUPressure MemPressure IOPressure Pod PodID PodNamespace) ;;
        'stats --json') flag=--json bars=(--format) action=(switch) ;;
        'events --filter' | 'events -f') flag=--filter many=1 action=(filters 'events --filter') ;;
        'events --since') flag=--since action=(nothing) ;;
        'events --until') flag=--until action=(nothing) ;;
        'events --format') flag=--format bars=(--json) action=(fields Attributes ContainerExitCode ID Image Name PodID Status Time TimeNano Type) ;;
        'events --json') flag=--json bars=(--format) action=(switch) ;;
        'events --no-stream') flag=--no-stream action=(switch) ;;
        'top --pod') flag=--pod action=(ask 'top --pod') ;;
        'top --watch' | 'top -w') flag=--watch action=(switch) ;;
        'top --format') flag=--format action=(words table json) ;;
        'top --list-descriptors') flag=--list-descriptors action=(switch) ;;
        'run --detach' | 'run -d') flag=--detach bars=(--attach) action=(switch) ;;
        'run --rm') flag=--rm action=(switch) ;;
        'run --attach' | 'run -a') flag=--attach many=1 bars=(--detach) action=(words stdin stdout stderr) ;;
        'run --detach-keys') flag=--detach-keys action=(nothing) ;;
        'run --sig-proxy') flag=--sig-proxy action=(switch) ;;
        'run --interactive' | 'run -i') flag=--interactive action=(switch) ;;
        'run --tty' | 'run -t') flag=--tty action=(switch) ;;
        'run --stdin-once') flag=--stdin-once action=(switch) ;;
        'run --name') flag=--name action=(nothing) ;;
        'run --pod') flag=--pod action=(ask 'run --pod') ;;
        'run --pull') flag=--pull action=(words always missing never) ;;
        'run --force') flag=--force action=(switch) ;;
        'run --label' | 'run -l') flag=--label many=1 action=(nothing) ;;
        'run --annotation') flag=--annotation many=1 action=(nothing) ;;
        'run --env' | 'run -e') flag=--env many=1 action=(nothing) ;;
        'run --env-file') flag=--env-file many=1 action=(file) ;;
        'run --entrypoint') flag=--entrypoint action=(nothing) ;;
        'run --user' | 'run -u') flag=--user action=(nothing) ;;
        'run --workdir' | 'run -w') flag=--workdir action=(nothing) ;;
        'run --volume' | 'run -v') flag=--volume many=1 action=(file) ;;
        'run --mount') flag=--mount many=1 action=(nothing) ;;
        'run --tmpfs') flag=--tmpfs many=1 action=(nothing) ;;
        'run --read-only') flag=--read-only action=(switch) ;;
        'run --memory' | 'run -m') flag=--memory action=(nothing) ;;
        'run --memory-swap') flag=--memory-swap action=(nothing) ;;
        'run --cpus') flag=--cpus action=(nothing) ;;
        'run --cpu-shares' | 'run -c') flag=--cpu-shares action=(nothing) ;;
        'run --cpuset-cpus') flag=--cpuset-cpus action=(nothing) ;;
        'run --pids-limit') flag=--pids-limit action=(nothing) ;;
        'run --ulimit') flag=--ulimit many=1 action=(nothing) ;;
        'run --oom-score-adj') flag=--oom-score-adj action=(nothing) ;;
        'run --cap-add') flag=--cap-add many=1 action=(nothing) ;;
        'run --cap-drop') flag=--cap-drop many=1 action=(nothing) ;;
        'run --privileged') flag=--privileged action=(switch) ;;
        'run --device') flag=--device many=1 action=(file) ;;
        'run --security-opt') flag=--security-opt many=1 action=(words 'seccomp=unconfined' 'apparmor=unconfined' 'label=disable' no-new-privileges) ;;
        'run --init') flag=--init action=(switch) ;;
        'run --stop-signal') flag=--stop-signal action=(words TERM KILL HUP INT QUIT USR1 USR2 STOP CONT ABRT ALRM WINCH BUS CHLD FPE ILL IO PIPE PROF PWR SEGV STKFLT SYS TRAP TSTP TTIN TTOU URG VTALRM XCPU XFSZ RTMIN RTMAX) ;;
        'run --stop-timeout') flag=--stop-timeout action=(nothing) ;;
        'run --log-opt') flag=--log-opt many=1 action=(nothing) ;;
        'run --restart') flag=--restart action=(words no) ;;
        'run --userns') flag=--userns action=(words auto host pod) ;;
        'run --network') flag=--network action=(ask 'run --network') ;;
        'run --publish' | 'run -p') flag=--publish many=1 action=(nothing) ;;
        'run --ip') flag=--ip many=1 action=(nothing) ;;
        'run --mac') flag=--mac action=(nothing) ;;
        'run --dns') flag=--dns many=1 action=(nothing) ;;
        'run --dns-search') flag=--dns-search many=1 action=(nothing) ;;
        'run --dns-option') flag=--dns-option many=1 action=(nothing) ;;
        'run --add-host') flag=--add-host many=1 action=(nothing) ;;
        'run --sysctl') flag=--sysctl many=1 action=(nothing) ;;
        'run --runtime-handler') flag=--runtime-handler action=(nothing) ;;
        'run --hostname') flag=--hostname action=(nothing) ;;
        'run --cgroup-parent') flag=--cgroup-parent action=(nothing) ;;
        'create --interactive' | 'create -i') flag=--interactive action=(switch) ;;
        'create --tty' | 'create -t') flag=--tty action=(switch) ;;
        'create --stdin-once') flag=--stdin-once action=(switch) ;;
        'create --name') flag=--name action=(nothing) ;;
        'create --pod') flag=--pod action=(ask 'create --pod') ;;
        'create --pull') flag=--pull action=(words always missing never) ;;
        'create --force') flag=--force action=(switch) ;;
        'create --label' | 'create -l') flag=--label many=1 action=(nothing) ;;
        'create --annotation') flag=--annotation many=1 action=(nothing) ;;
        'create --env' | 'create -e') flag=--env many=1 action=(nothing) ;;
        'create --env-file') flag=--env-file many=1 action=(file) ;;
        'create --entrypoint') flag=--entrypoint action=(nothing) ;;
        'create --user' | 'create -u') flag=--user action=(nothing) ;;
        'create --workdir' | 'create -w') flag=--workdir action=(nothing) ;;
        'create --volume' | 'create -v') flag=--volume many=1 action=(file) ;;
        'create --mount') flag=--mount many=1 action=(nothing) ;;
        'create --tmpfs') flag=--tmpfs many=1 action=(nothing) ;;
        'create --read-only') flag=--read-only action=(switch) ;;
        'create --memory' | 'create -m') flag=--memory action=(nothing) ;;
        'create --memory-swap') flag=--memory-swap action=(nothing) ;;
        'create --cpus') flag=--cpus action=(nothing) ;;
        'create --cpu-shares' | 'create -c') flag=--cpu-shares action=(nothing) ;;
        'create --cpuset-cpus') flag=--cpuset-cpus action=(nothing) ;;
        'create --pids-limit') flag=--pids-limit action=(nothing) ;;
        'create --ulimit') flag=--ulimit many=1 action=(nothing) ;;
        'create --oom-score-adj') flag=--oom-score-adj action=(nothing) ;;
        'create --cap-add') flag=--cap-add many=1 action=(nothing) ;;
        'create --cap-drop') flag=--cap-drop many=1 action=(nothing) ;;
        'create --privileged') flag=--privileged action=(switch) ;;
        'create --device') flag=--device many=1 action=(file) ;;
        'create --security-opt') flag=--security-opt many=1 action=(words 'seccomp=unconfined' 'apparmor=unconfined' 'label=disable' no-new-privileges) ;;
        'create --init') flag=--init action=(switch) ;;
        'create --stop-signal') flag=--stop-signal action=(words TERM KILL HUP INT QUIT USR1 USR2 STOP CONT ABRT ALRM WINCH BUS CHLD FPE ILL IO PIPE PROF PWR SEGV STKFLT SYS TRAP TSTP TTIN TTOU URG VTALRM XCPU XFSZ RTMIN RTMAX) ;;
        'create --stop-timeout') flag=--stop-timeout action=(nothing) ;;
        'create --log-opt') flag=--log-opt many=1 action=(nothing) ;;
        'create --restart') flag=--restart action=(words no) ;;
        'create --userns') flag=--userns action=(words auto host pod) ;;
        'create --network') flag=--network action=(ask 'create --network') ;;
        'create --publish' | 'create -p') flag=--publish many=1 action=(nothing) ;;
        'create --ip') flag=--ip many=1 action=(nothing) ;;
        'create --mac') flag=--mac action=(nothing) ;;
        'create --dns') flag=--dns many=1 action=(nothing) ;;
        'create --dns-search') flag=--dns-search many=1 action=(nothing) ;;
        'create --dns-option') flag=--dns-option many=1 action=(nothing) ;;
        'create --add-host') flag=--add-host many=1 action=(nothing) ;;
        'create --sysctl') flag=--sysctl many=1 action=(nothing) ;;
        'create --runtime-handler') flag=--runtime-handler action=(nothing) ;;
        'create --hostname') flag=--hostname action=(nothing) ;;
        'create --cgroup-parent') flag=--cgroup-parent action=(nothing) ;;
        'exec --interactive' | 'exec -i') flag=--interactive bars=(--detach) action=(switch) ;;
        'exec --tty' | 'exec -t') flag=--tty bars=(--detach) action=(switch) ;;
        'exec --detach' | 'exec -d') flag=--detach bars=(--interactive --tty --timeout) action=(switch) ;;
        'exec --env' | 'exec -e') flag=--env many=1 action=(nothing) ;;
        'exec --env-file') flag=--env-file many=1 action=(file) ;;
        'exec --user' | 'exec -u') flag=--user action=(nothing) ;;
        'exec --workdir' | 'exec -w') flag=--workdir action=(nothing) ;;
        'exec --privileged') flag=--privileged action=(switch) ;;
        'exec --timeout') flag=--timeout bars=(--detach) action=(nothing) ;;
        'exec --preserve-fds') flag=--preserve-fds action=(nothing) ;;
        'exec --all' | 'exec -a') flag=--all action=(switch) ;;
        'exec --latest' | 'exec -l') flag=--latest action=(switch) ;;
        'exec --pod') flag=--pod action=(ask 'exec --pod') ;;
        'exec --label') flag=--label many=1 action=(nothing) ;;
        'exec --filter' | 'exec -f') flag=--filter many=1 action=(filters 'exec --filter') ;;
        'exec --parallel' | 'exec -x') flag=--parallel action=(switch) ;;
        'attach --no-stdin') flag=--no-stdin action=(switch) ;;
        'attach --detach-keys') flag=--detach-keys action=(nothing) ;;
        'attach --sig-proxy') flag=--sig-proxy action=(switch) ;;
        'debug --image') flag=--image bars=(--host-tools) action=(ask 'debug --image') ;;
        'debug --host-tools') flag=--host-tools bars=(--image) action=(switch) ;;
        'debug --target-root') flag=--target-root action=(nothing) ;;
        'debug --copy') flag=--copy action=(switch) ;;
        'debug --interactive' | 'debug -i') flag=--interactive action=(switch) ;;
        'debug --tty' | 'debug -t') flag=--tty action=(switch) ;;
        'debug --env' | 'debug -e') flag=--env many=1 action=(nothing) ;;
        'debug --env-file') flag=--env-file many=1 action=(file) ;;
        'debug --user' | 'debug -u') flag=--user action=(nothing) ;;
        'debug --workdir' | 'debug -w') flag=--workdir action=(nothing) ;;
        'debug --privileged') flag=--privileged action=(switch) ;;
        'debug --pull') flag=--pull action=(words always missing never) ;;
        'start --attach' | 'start -a') flag=--attach action=(switch) ;;
        'start --interactive' | 'start -i') flag=--interactive action=(switch) ;;
        'start --detach-keys') flag=--detach-keys action=(nothing) ;;
        'start --sig-proxy') flag=--sig-proxy action=(switch) ;;
        'start --force') flag=--force action=(switch) ;;
        'start --all') flag=--all action=(switch) ;;
        'start --latest' | 'start -l') flag=--latest action=(switch) ;;
        'start --pod') flag=--pod action=(ask 'start --pod') ;;
        'start --label') flag=--label many=1 action=(nothing) ;;
        'start --filter' | 'start -f') flag=--filter many=1 action=(filters 'start --filter') ;;
        'stop --timeout' | 'stop -t') flag=--timeout action=(nothing) ;;
        'stop --all' | 'stop -a') flag=--all action=(switch) ;;
        'stop --latest' | 'stop -l') flag=--latest action=(switch) ;;
        'stop --pod') flag=--pod action=(ask 'stop --pod') ;;
        'stop --label') flag=--label many=1 action=(nothing) ;;
        'stop --filter' | 'stop -f') flag=--filter many=1 action=(filters 'stop --filter') ;;
        'restart --time' | 'restart -t') flag=--time action=(nothing) ;;
        'restart --force') flag=--force action=(switch) ;;
        'restart --all' | 'restart -a') flag=--all action=(switch) ;;
        'restart --latest' | 'restart -l') flag=--latest action=(switch) ;;
        'restart --pod') flag=--pod action=(ask 'restart --pod') ;;
        'restart --label') flag=--label many=1 action=(nothing) ;;
        'restart --filter' | 'restart -f') flag=--filter many=1 action=(filters 'restart --filter') ;;
        'kill --signal' | 'kill -s') flag=--signal action=(words TERM KILL HUP INT QUIT USR1 USR2 STOP CONT ABRT ALRM WINCH BUS CHLD FPE ILL IO PIPE PROF PWR SEGV STKFLT SYS TRAP TSTP TTIN TTOU URG VTALRM XCPU XFSZ RTMIN RTMAX) ;;
        'kill --all' | 'kill -a') flag=--all action=(switch) ;;
        'kill --latest' | 'kill -l') flag=--latest action=(switch) ;;
        'kill --pod') flag=--pod action=(ask 'kill --pod') ;;
        'kill --label') flag=--label many=1 action=(nothing) ;;
        'kill --filter' | 'kill -f') flag=--filter many=1 action=(filters 'kill --filter') ;;
        'pause --all' | 'pause -a') flag=--all action=(switch) ;;
        'pause --latest' | 'pause -l') flag=--latest action=(switch) ;;
        'pause --pod') flag=--pod action=(ask 'pause --pod') ;;
        'pause --label') flag=--label many=1 action=(nothing) ;;
        'pause --filter' | 'pause -f') flag=--filter many=1 action=(filters 'pause --filter') ;;
        'update --memory' | 'update -m') flag=--memory action=(nothing) ;;
        'update --memory-swap') flag=--memory-swap action=(nothing) ;;
        'update --cpus') flag=--cpus action=(nothing) ;;
        'update --cpu-shares' | 'update -c') flag=--cpu-shares action=(nothing) ;;
        'update --cpuset-cpus') flag=--cpuset-cpus action=(nothing) ;;
        'update --pids-limit') flag=--pids-limit action=(nothing) ;;
        'unpause --all' | 'unpause -a') flag=--all action=(switch) ;;
        'unpause --latest' | 'unpause -l') flag=--latest action=(switch) ;;
        'unpause --pod') flag=--pod action=(ask 'unpause --pod') ;;
        'unpause --label') flag=--label many=1 action=(nothing) ;;
        'unpause --filter' | 'unpause -f') flag=--filter many=1 action=(filters 'unpause --filter') ;;
        'checkpoint --export' | 'checkpoint -e') flag=--export action=(file) ;;
        'checkpoint --leave-running' | 'checkpoint -R') flag=--leave-running action=(switch) ;;
        'checkpoint --tcp-established') flag=--tcp-established action=(switch) ;;
        'restore --import' | 'restore -i') flag=--import action=(file) ;;
        'restore --pod') flag=--pod action=(ask 'restore --pod') ;;
        'restore --name' | 'restore -n') flag=--name action=(nothing) ;;
        'restore --pull') flag=--pull action=(words always missing never) ;;
        'restore --network') flag=--network action=(ask 'restore --network') ;;
        'restore --publish' | 'restore -p') flag=--publish many=1 action=(nothing) ;;
        'restore --ip') flag=--ip many=1 action=(nothing) ;;
        'restore --mac') flag=--mac action=(nothing) ;;
        'restore --dns') flag=--dns many=1 action=(nothing) ;;
        'restore --dns-search') flag=--dns-search many=1 action=(nothing) ;;
        'restore --dns-option') flag=--dns-option many=1 action=(nothing) ;;
        'restore --add-host') flag=--add-host many=1 action=(nothing) ;;
        'restore --sysctl') flag=--sysctl many=1 action=(nothing) ;;
        'restore --tcp-established') flag=--tcp-established action=(switch) ;;
        'restore --force') flag=--force action=(switch) ;;
        'wait --condition') flag=--condition action=(words running paused stopped) ;;
        'wait --timeout') flag=--timeout action=(nothing) ;;
        'wait --all' | 'wait -a') flag=--all action=(switch) ;;
        'wait --latest' | 'wait -l') flag=--latest action=(switch) ;;
        'wait --pod') flag=--pod action=(ask 'wait --pod') ;;
        'wait --label') flag=--label many=1 action=(nothing) ;;
        'wait --filter' | 'wait -f') flag=--filter many=1 action=(filters 'wait --filter') ;;
        'rm --force' | 'rm -f') flag=--force action=(switch) ;;
        'rm --all' | 'rm -a') flag=--all action=(switch) ;;
        'rm --latest' | 'rm -l') flag=--latest action=(switch) ;;
        'rm --pod') flag=--pod action=(ask 'rm --pod') ;;
        'rm --label') flag=--label many=1 action=(nothing) ;;
        'rm --filter') flag=--filter many=1 action=(filters 'rm --filter') ;;
        'cp --archive' | 'cp -a') flag=--archive action=(switch) ;;
        'cp --follow-link' | 'cp -L') flag=--follow-link action=(switch) ;;
        'mount --format') flag=--format action=(words json) ;;
        'mount --no-trunc') flag=--no-trunc action=(switch) ;;
        'mount --label') flag=--label action=(nothing) ;;
        'umount --force' | 'umount -f') flag=--force action=(switch) ;;
        'pod ps --filter' | 'pod ps -f') flag=--filter many=1 action=(filters 'pod ps --filter') ;;
        'pod ps --network') flag=--network action=(switch) ;;
        'pod ps --sort') flag=--sort action=(words created id name namespace state) ;;
        'pod ps --quiet' | 'pod ps -q') flag=--quiet action=(switch) ;;
        'pod ps --no-trunc') flag=--no-trunc action=(switch) ;;
        'pod ps --noheading') flag=--noheading action=(switch) ;;
        'pod ps --format') flag=--format action=(fields ID Name KubeName Namespace UID Attempt State CreatedAt Created Labels InfraContainerID NumberOfContainers Running Containers Networks) ;;
        'pod run --name') flag=--name action=(nothing) ;;
        'pod run --namespace' | 'pod run -n') flag=--namespace action=(ask 'pod run --namespace') ;;
        'pod run --label' | 'pod run -l') flag=--label many=1 action=(nothing) ;;
        'pod run --hostname') flag=--hostname action=(nothing) ;;
        'pod run --annotation') flag=--annotation many=1 action=(nothing) ;;
        'pod run --privileged') flag=--privileged action=(switch) ;;
        'pod run --userns') flag=--userns action=(words auto host) ;;
        'pod run --network') flag=--network action=(ask 'pod run --network') ;;
        'pod run --publish' | 'pod run -p') flag=--publish many=1 action=(nothing) ;;
        'pod run --ip') flag=--ip many=1 action=(nothing) ;;
        'pod run --mac') flag=--mac action=(nothing) ;;
        'pod run --dns') flag=--dns many=1 action=(nothing) ;;
        'pod run --dns-search') flag=--dns-search many=1 action=(nothing) ;;
        'pod run --dns-option') flag=--dns-option many=1 action=(nothing) ;;
        'pod run --add-host') flag=--add-host many=1 action=(nothing) ;;
        'pod run --sysctl') flag=--sysctl many=1 action=(nothing) ;;
        'pod run --runtime-handler') flag=--runtime-handler action=(nothing) ;;
        'pod run --pull') flag=--pull action=(words always missing never) ;;
        'pod run --cgroup-parent') flag=--cgroup-parent action=(nothing) ;;
        'pod inspect --format' | 'pod inspect -f') flag=--format action=(fields ID Name KubeName Namespace UID Attempt State Created Labels Annotations Metadata IPs NetNsPath LogDir ShmPath ResolvPath HostnamePath Hostname CgroupParent Privileged Trusted RuntimeHandler PortMappings Networks IDMappings InfraContainerID Containers) ;;
        'pod stop --timeout' | 'pod stop -t') flag=--timeout action=(nothing) ;;
        'pod kill --signal' | 'pod kill -s') flag=--signal action=(words TERM KILL HUP INT QUIT USR1 USR2 STOP CONT ABRT ALRM WINCH BUS CHLD FPE ILL IO PIPE PROF PWR SEGV STKFLT SYS TRAP TSTP TTIN TTOU URG VTALRM XCPU XFSZ RTMIN RTMAX) ;;
        'pod reload-network --all' | 'pod reload-network -a') flag=--all action=(switch) ;;
        'pod rm --force' | 'pod rm -f') flag=--force action=(switch) ;;
        'port-forward --address') flag=--address many=1 action=(words 127.0.0.1 ::1 localhost 0.0.0.0 ::) ;;
        'kube play --configmap') flag=--configmap many=1 action=(file) ;;
        'kube play --network') flag=--network action=(ask 'kube play --network') ;;
        'kube play --runtime-handler') flag=--runtime-handler action=(nothing) ;;
        'kube play --pull') flag=--pull action=(words always missing never) ;;
        'kube play --cgroup-parent') flag=--cgroup-parent action=(nothing) ;;
        'kube down --force' | 'kube down -f') flag=--force action=(switch) ;;
        'images --all' | 'images -a') flag=--all action=(switch) ;;
        'images --digests') flag=--digests action=(switch) ;;
        'images --filter' | 'images -f') flag=--filter many=1 action=(filters 'images --filter') ;;
        'images --quiet' | 'images -q') flag=--quiet action=(switch) ;;
        'images --no-trunc') flag=--no-trunc action=(switch) ;;
        'images --noheading' | 'images -n') flag=--noheading action=(switch) ;;
        'images --format') flag=--format action=(fields ID Name Repository Tag Digest Created CreatedSince CreatedAt Size) ;;
        'pull --all-tags' | 'pull -a') flag=--all-tags action=(switch) ;;
        'pull --creds') flag=--creds action=(nothing) ;;
        'pull --authfile') flag=--authfile action=(file) ;;
        'pull --cert-dir') flag=--cert-dir action=(directory) ;;
        'pull --tls-verify') flag=--tls-verify action=(switch) ;;
        'pull --signature-policy') flag=--signature-policy action=(file) ;;
        'pull --platform') flag=--platform action=(nothing) ;;
        'pull --policy') flag=--policy action=(words always missing newer) ;;
        'pull --quiet' | 'pull -q') flag=--quiet action=(switch) ;;
        'push --creds') flag=--creds action=(nothing) ;;
        'push --authfile') flag=--authfile action=(file) ;;
        'push --cert-dir') flag=--cert-dir action=(directory) ;;
        'push --tls-verify') flag=--tls-verify action=(switch) ;;
        'push --signature-policy') flag=--signature-policy action=(file) ;;
        'push --remove-signatures') flag=--remove-signatures action=(switch) ;;
        'push --sign-by') flag=--sign-by action=(nothing) ;;
        'push --quiet' | 'push -q') flag=--quiet action=(switch) ;;
        'load --input' | 'load -i') flag=--input action=(file) ;;
        'load --tag') flag=--tag action=(nothing) ;;
        'load --quiet' | 'load -q') flag=--quiet action=(switch) ;;
        'save --output' | 'save -o') flag=--output action=(file) ;;
        'save --format') flag=--format action=(words docker-archive oci-archive) ;;
        'save --quiet' | 'save -q') flag=--quiet action=(switch) ;;
        'rmi --all' | 'rmi -a') flag=--all bars=(--prune) action=(switch) ;;
        'rmi --force' | 'rmi -f') flag=--force bars=(--prune) action=(switch) ;;
        'rmi --prune') flag=--prune bars=(--all --force) action=(switch) ;;
        'history --human' | 'history -H') flag=--human action=(switch) ;;
        'history --no-trunc') flag=--no-trunc action=(switch) ;;
        'history --quiet' | 'history -q') flag=--quiet action=(switch) ;;
        'history --format') flag=--format action=(fields ID Created CreatedAt CreatedSince CreatedBy Size Comment) ;;
        'login --username' | 'login -u') flag=--username action=(nothing) ;;
        'login --password' | 'login -p') flag=--password bars=(--password-stdin) action=(nothing) ;;
        'login --password-stdin') flag=--password-stdin bars=(--password) action=(switch) ;;
        'login --get-login') flag=--get-login action=(switch) ;;
        'login --authfile') flag=--authfile action=(file) ;;
        'login --cert-dir') flag=--cert-dir action=(directory) ;;
        'login --tls-verify') flag=--tls-verify action=(switch) ;;
        'logout --all' | 'logout -a') flag=--all action=(switch) ;;
        'logout --authfile') flag=--authfile action=(file) ;;
        'info --debug' | 'info -D') flag=--debug action=(switch) ;;
        'info --format') flag=--format action=(fields Host Store Runtimes CrioVersion CrioVersionSource Config) ;;
        'system df --verbose' | 'system df -v') flag=--verbose action=(switch) ;;
        'system df --format') flag=--format action=(fields Type TotalCount Active Size Reclaimable ID Name Path Shared Frees) ;;
        'system df --no-trunc') flag=--no-trunc action=(switch) ;;
        'system df --noheading') flag=--noheading action=(switch) ;;
        'system prune --all' | 'system prune -a') flag=--all action=(switch) ;;
        'system prune --filter') flag=--filter many=1 action=(filters 'system prune --filter') ;;
        'system prune --dry-run' | 'system prune -n') flag=--dry-run bars=(--yes --force) action=(switch) ;;
        'system prune --yes' | 'system prune -y') flag=--yes bars=(--dry-run) action=(switch) ;;
        'doctor --quick') flag=--quick action=(switch) ;;
        'doctor --format') flag=--format action=(words table json npd prom) ;;
        'doctor --output' | 'doctor -o') flag=--output action=(file) ;;
        'doctor --since') flag=--since action=(nothing) ;;
        'doctor --min-age') flag=--min-age action=(nothing) ;;
        'doctor --mend') flag=--mend action=(switch) ;;
        'doctor --dry-run' | 'doctor -n') flag=--dry-run bars=(--yes) action=(switch) ;;
        'doctor --yes' | 'doctor -y') flag=--yes bars=(--dry-run) action=(switch) ;;
        'doctor --live') flag=--live action=(switch) ;;
        'doctor undo --yes' | 'doctor undo -y') flag=--yes action=(switch) ;;
        'doctor history --noheading') flag=--noheading action=(switch) ;;
        'report --output' | 'report -o') flag=--output action=(file) ;;
        'report --max-size') flag=--max-size action=(nothing) ;;
        'state diff --format') flag=--format action=(words table json) ;;
        'state diff --no-trunc') flag=--no-trunc action=(switch) ;;
        'version --format') flag=--format action=(fields Version Engine Node OS Arch OsArch) ;;
        'network ls --quiet' | 'network ls -q') flag=--quiet action=(switch) ;;
        'network ls --format') flag=--format action=(fields Name Status CNI Plugins Subnets Used Free File Why) ;;
        'network ls --noheading') flag=--noheading action=(switch) ;;
        'network inspect --format' | 'network inspect -f') flag=--format action=(fields Name File Default CNIVersion DisableCheck Plugins Subnets LeaseDirectory Pods Leases Leaks) ;;
        'network check --format') flag=--format action=(words text json) ;;
        *' --config' | *' -c') flag=--config global=1 action=(file) ;;
        *' --log-level') flag=--log-level global=1 action=(words debug info warn error fatal panic) ;;
        *' --root') flag=--root global=1 action=(directory) ;;
        *' --runroot') flag=--runroot global=1 action=(directory) ;;
        *' --storage-driver' | *' -s') flag=--storage-driver global=1 action=(words overlay vfs) ;;
        *' --storage-opt') flag=--storage-opt many=1 global=1 action=(nothing) ;;
        *' --log-dir') flag=--log-dir global=1 action=(directory) ;;
        *' --host') flag=--host global=1 action=(nothing) ;;
        *' --host-root') flag=--host-root global=1 action=(directory) ;;
        *' --runtime') flag=--runtime global=1 action=(file) ;;
        *' --lock-timeout') flag=--lock-timeout global=1 action=(nothing) ;;
        *' --help' | *' -h') flag=--help global=1 action=(switch) ;;
        *' --version' | *' -v') flag=--version global=1 action=(switch) ;;
        *) action=(switch) ;;
    esac
}

# What argument NUMBER of COMMAND is.
__kpod_argument() {
    case "$1 $2" in
        'why '*) action=(ask why) ;;
        'inspect '*) action=(ask inspect) ;;
        'logs '*) action=(ask logs) ;;
        'diff '0) action=(ask diff) ;;
        'diff '*) action=(ask diff) ;;
        'export '*) action=(ask export) ;;
        'stats '*) action=(ask stats) ;;
        'top '0) action=(ask top) ;;
        'top '*) action=(nothing) ;;
        'run '0) action=(ask run) ;;
        'run '*) action=(nothing) ;;
        'create '0) action=(ask create) ;;
        'create '*) action=(nothing) ;;
        'exec '0) action=(ask exec) ;;
        'exec '*) action=(nothing) ;;
        'attach '*) action=(ask attach) ;;
        'debug '0) action=(ask debug) ;;
        'debug '*) action=(nothing) ;;
        'start '*) action=(ask start) ;;
        'stop '*) action=(ask stop) ;;
        'restart '*) action=(ask restart) ;;
        'kill '*) action=(ask kill) ;;
        'pause '*) action=(ask pause) ;;
        'update '*) action=(ask update) ;;
        'unpause '*) action=(ask unpause) ;;
        'checkpoint '*) action=(ask checkpoint) ;;
        'restore '*) action=(ask restore) ;;
        'wait '*) action=(ask wait) ;;
        'rename '0) action=(ask rename) ;;
        'rename '*) action=(nothing) ;;
        'rm '*) action=(ask rm) ;;
        'cp '0) action=(paths cp) ;;
        'cp '*) action=(paths cp) ;;
        'mount '*) action=(ask mount) ;;
        'umount '*) action=(ask umount) ;;
        'pod inspect '*) action=(ask 'pod inspect') ;;
        'pod stop '*) action=(ask 'pod stop') ;;
        'pod kill '*) action=(ask 'pod kill') ;;
        'pod pause '*) action=(ask 'pod pause') ;;
        'pod unpause '*) action=(ask 'pod unpause') ;;
        'pod reload-network '*) action=(ask 'pod reload-network') ;;
        'pod rm '*) action=(ask 'pod rm') ;;
        'port-forward '0) action=(ask port-forward) ;;
        'port-forward '*) action=(nothing) ;;
        'kube play '*) action=(file) ;;
        'kube generate '*) action=(ask 'kube generate') ;;
        'kube down '*) action=(file) ;;
        'images '*) action=(ask images) ;;
        'pull '*) action=(ask pull) ;;
        'push '0) action=(ask push) ;;
        'push '*) action=(nothing) ;;
        'load '*) action=(file) ;;
        'save '*) action=(ask save) ;;
        'rmi '*) action=(ask rmi) ;;
        'tag '0) action=(ask tag) ;;
        'tag '*) action=(nothing) ;;
        'untag '*) action=(ask untag) ;;
        'history '*) action=(ask history) ;;
        'doctor '*) action=(words cgroup.frozen cgroup.left cgroup.oom cgroup.pids-limit crio.hung crio.relabel-slow disk.images disk.logs disk.pod-volumes doctor.unfinished image.pull-stuck net.config net.hostport-stale net.lease-leaked ns.pin-invalid ns.pin-left ns.pin-shadowed proc.debug-left proc.dstate proc.exec-piled proc.hostpid-orphan proc.monitor-dead proc.monitor-orphan proc.scope-left proc.state-stale run.full storage.config-conflict storage.image-broken storage.layer-incomplete storage.layer-lost storage.layer-unknown storage.layer-unowned storage.link-lost storage.lock-held storage.mount-held-elsewhere storage.mount-leaked storage.name-held storage.record-corrupt storage.temp-left storage.wipe-ahead system.clock-boot system.limits system.mount-namespace) ;;
        'help '*) action=(command) ;;
        'state save '*) action=(file) ;;
        'state diff '0) action=(file) ;;
        'state diff '*) action=(file) ;;
        'completion '*) action=(words bash zsh fish) ;;
        'network inspect '*) action=(ask 'network inspect') ;;
        'network check '*) action=(ask 'network check') ;;
        *) action=(nothing) ;;
    esac
}

# Succeeds where what follows the first argument of COMMAND is none of kpod's business.
__kpod_passes_through() {
    case $1 in
        run) return 0 ;;
        create) return 0 ;;
        exec) return 0 ;;
        debug) return 0 ;;
        *) return 1 ;;
    esac
}

# The keys of the filters of a flag.
__kpod_filters() {
    case $1 in
        'ps --filter') offer=('ancestor=' 'before=' 'exited=' 'id=' 'label=' 'name=' 'namespace=' 'pod=' 'since=' 'status=' 'volume=') ;;
        'events --filter') offer=('container=' 'event=' 'image=' 'label=' 'pod=' 'type=') ;;
        'exec --filter') offer=('ancestor=' 'id=' 'label=' 'name=' 'namespace=' 'pod=' 'volume=') ;;
        'start --filter') offer=('ancestor=' 'id=' 'label=' 'name=' 'namespace=' 'pod=' 'volume=') ;;
        'stop --filter') offer=('ancestor=' 'id=' 'label=' 'name=' 'namespace=' 'pod=' 'volume=') ;;
        'restart --filter') offer=('ancestor=' 'id=' 'label=' 'name=' 'namespace=' 'pod=' 'volume=') ;;
        'kill --filter') offer=('ancestor=' 'id=' 'label=' 'name=' 'namespace=' 'pod=' 'volume=') ;;
        'pause --filter') offer=('ancestor=' 'id=' 'label=' 'name=' 'namespace=' 'pod=' 'volume=') ;;
        'unpause --filter') offer=('ancestor=' 'id=' 'label=' 'name=' 'namespace=' 'pod=' 'volume=') ;;
        'wait --filter') offer=('ancestor=' 'id=' 'label=' 'name=' 'namespace=' 'pod=' 'volume=') ;;
        'rm --filter') offer=('ancestor=' 'id=' 'label=' 'name=' 'namespace=' 'pod=' 'volume=') ;;
        'pod ps --filter') offer=('id=' 'label=' 'name=' 'namespace=' 'network=' 'state=') ;;
        'images --filter') offer=('before=' 'dangling=' 'in-use=' 'label=' 'pinned=' 'reference=' 'since=') ;;
        'system prune --filter') offer=('until=') ;;
        *) return 1 ;;
    esac
}

# What the value of the filter KEY of a flag is.
__kpod_filter() {
    case "$1 $2" in
        'ps --filter ancestor') action=(ask 'ps --filter ancestor') ;;
        'ps --filter before') action=(ask 'ps --filter before') ;;
        'ps --filter exited') action=(nothing) ;;
        'ps --filter id') action=(ask 'ps --filter id') ;;
        'ps --filter label') action=(nothing) ;;
        'ps --filter name') action=(ask 'ps --filter name') ;;
        'ps --filter namespace') action=(ask 'ps --filter namespace') ;;
        'ps --filter pod') action=(ask 'ps --filter pod') ;;
        'ps --filter since') action=(ask 'ps --filter since') ;;
        'ps --filter status') action=(words creating created running paused stopped exited unknown) ;;
        'ps --filter volume') action=(file) ;;
        'events --filter container') action=(ask 'events --filter container') ;;
        'events --filter event') action=(words checkpoint conmon_died create died exec exec_died kill loadfromarchive oom pause pull remove rename restore start stop tag unpause untag) ;;
        'events --filter image') action=(ask 'events --filter image') ;;
        'events --filter label') action=(nothing) ;;
        'events --filter pod') action=(ask 'events --filter pod') ;;
        'events --filter type') action=(words container image pod) ;;
        'exec --filter ancestor') action=(ask 'exec --filter ancestor') ;;
        'exec --filter id') action=(ask 'exec --filter id') ;;
        'exec --filter label') action=(nothing) ;;
        'exec --filter name') action=(ask 'exec --filter name') ;;
        'exec --filter namespace') action=(ask 'exec --filter namespace') ;;
        'exec --filter pod') action=(ask 'exec --filter pod') ;;
        'exec --filter volume') action=(file) ;;
        'start --filter ancestor') action=(ask 'start --filter ancestor') ;;
        'start --filter id') action=(ask 'start --filter id') ;;
        'start --filter label') action=(nothing) ;;
        'start --filter name') action=(ask 'start --filter name') ;;
        'start --filter namespace') action=(ask 'start --filter namespace') ;;
        'start --filter pod') action=(ask 'start --filter pod') ;;
        'start --filter volume') action=(file) ;;
        'stop --filter ancestor') action=(ask 'stop --filter ancestor') ;;
        'stop --filter id') action=(ask 'stop --filter id') ;;
        'stop --filter label') action=(nothing) ;;
        'stop --filter name') action=(ask 'stop --filter name') ;;
        'stop --filter namespace') action=(ask 'stop --filter namespace') ;;
        'stop --filter pod') action=(ask 'stop --filter pod') ;;
        'stop --filter volume') action=(file) ;;
        'restart --filter ancestor') action=(ask 'restart --filter ancestor') ;;
        'restart --filter id') action=(ask 'restart --filter id') ;;
        'restart --filter label') action=(nothing) ;;
        'restart --filter name') action=(ask 'restart --filter name') ;;
        'restart --filter namespace') action=(ask 'restart --filter namespace') ;;
        'restart --filter pod') action=(ask 'restart --filter pod') ;;
        'restart --filter volume') action=(file) ;;
        'kill --filter ancestor') action=(ask 'kill --filter ancestor') ;;
        'kill --filter id') action=(ask 'kill --filter id') ;;
        'kill --filter label') action=(nothing) ;;
        'kill --filter name') action=(ask 'kill --filter name') ;;
        'kill --filter namespace') action=(ask 'kill --filter namespace') ;;
        'kill --filter pod') action=(ask 'kill --filter pod') ;;
        'kill --filter volume') action=(file) ;;
        'pause --filter ancestor') action=(ask 'pause --filter ancestor') ;;
        'pause --filter id') action=(ask 'pause --filter id') ;;
        'pause --filter label') action=(nothing) ;;
        'pause --filter name') action=(ask 'pause --filter name') ;;
        'pause --filter namespace') action=(ask 'pause --filter namespace') ;;
        'pause --filter pod') action=(ask 'pause --filter pod') ;;
        'pause --filter volume') action=(file) ;;
        'unpause --filter ancestor') action=(ask 'unpause --filter ancestor') ;;
        'unpause --filter id') action=(ask 'unpause --filter id') ;;
        'unpause --filter label') action=(nothing) ;;
        'unpause --filter name') action=(ask 'unpause --filter name') ;;
        'unpause --filter namespace') action=(ask 'unpause --filter namespace') ;;
        'unpause --filter pod') action=(ask 'unpause --filter pod') ;;
        'unpause --filter volume') action=(file) ;;
        'wait --filter ancestor') action=(ask 'wait --filter ancestor') ;;
        'wait --filter id') action=(ask 'wait --filter id') ;;
        'wait --filter label') action=(nothing) ;;
        'wait --filter name') action=(ask 'wait --filter name') ;;
        'wait --filter namespace') action=(ask 'wait --filter namespace') ;;
        'wait --filter pod') action=(ask 'wait --filter pod') ;;
        'wait --filter volume') action=(file) ;;
        'rm --filter ancestor') action=(ask 'rm --filter ancestor') ;;
        'rm --filter id') action=(ask 'rm --filter id') ;;
        'rm --filter label') action=(nothing) ;;
        'rm --filter name') action=(ask 'rm --filter name') ;;
        'rm --filter namespace') action=(ask 'rm --filter namespace') ;;
        'rm --filter pod') action=(ask 'rm --filter pod') ;;
        'rm --filter volume') action=(file) ;;
        'pod ps --filter id') action=(ask 'pod ps --filter id') ;;
        'pod ps --filter label') action=(nothing) ;;
        'pod ps --filter name') action=(ask 'pod ps --filter name') ;;
        'pod ps --filter namespace') action=(ask 'pod ps --filter namespace') ;;
        'pod ps --filter network') action=(ask 'pod ps --filter network') ;;
        'pod ps --filter state') action=(words ready notready creating) ;;
        'images --filter before') action=(ask 'images --filter before') ;;
        'images --filter dangling') action=(words true false) ;;
        'images --filter in-use') action=(words true false) ;;
        'images --filter label') action=(nothing) ;;
        'images --filter pinned') action=(words true false) ;;
        'images --filter reference') action=(ask 'images --filter reference') ;;
        'images --filter since') action=(ask 'images --filter since') ;;
        'system prune --filter until') action=(nothing) ;;
        *) action=(nothing) ;;
    esac
}

# Takes a line apart as the shell does, but expands nothing: words are those before the cursor, current is the
# one at it, strip the part of that which readline does not replace, quoted the quote that is open.
__kpod_split() {
    local line=$1 char word='' quote='' begun='' at
    words=() strip=''
    for ((at = 0; at < ${#line}; at++)); do
        char=${line:at:1}
        if [[ -n $quote && $char == "$quote" ]]; then
            quote=''
        elif [[ $quote == "'" ]]; then
            word+=$char
        elif [[ $char == \\ ]]; then
            at=$((at + 1)) begun=1
            word+=${line:at:1}
        elif [[ -n $quote ]]; then
            word+=$char
        elif [[ $char == [\'\"] ]]; then
            quote=$char begun=1 strip=$word
        elif [[ $char == [[:space:]] ]]; then
            [[ -z $begun ]] || words+=("$word")
            word='' begun='' strip=''
        else
            word+=$char begun=1
            [[ $char != [=:] || $COMP_WORDBREAKS != *"$char"* ]] || strip=$word
        fi
    done
    current=$word quoted=$quote
}

# Reads a flag: flag and action say what it is. Those that may not be given again, or beside it, go to given.
__kpod_flag() {
    __kpod_value "$command" "$1"
    [[ -n $many ]] || given+=("$flag")
    given+=("${bars[@]}")
}

# Notes the value of the flag: the global ones go with each question to kpod.
__kpod_note() {
    [[ -z $global ]] || globals+=("$flag=${1/#\~\//$HOME/}")
}

# Reads the words before the cursor: the command, its arguments, and the flag whose value is at the cursor.
__kpod_read() {
    local at word ended='' rest
    for ((at = 1; at < ${#words[@]}; at++)); do
        word=${words[at]}
        if [[ -n $ended || $word != -?* ]]; then
            if [[ -z $ended ]] && __kpod_next "$command"; then
                command+=${command:+ }$word
            else
                args+=("$word")
                if __kpod_passes_through "$command"; then ended=1; fi
            fi
        elif [[ $word == -- ]]; then
            ended=1
        elif [[ $word == --*=* ]]; then
            __kpod_flag "${word%%=*}"
            __kpod_note "${word#*=}"
        else
            rest=''
            if [[ $word != --* ]]; then
                # Letters of switches may stand together, and before one with a value.
                rest=${word:2} word=${word:0:2}
                while __kpod_flag "$word" && [[ ${action[0]} == switch && -n $rest ]]; do
                    word=-${rest:0:1} rest=${rest:1}
                done
            else
                __kpod_flag "$word"
            fi
            if [[ ${action[0]} == switch ]]; then
                continue
            elif [[ -n $rest ]]; then
                __kpod_note "${rest#=}"
            elif ((at + 1 < ${#words[@]})); then
                at=$((at + 1))
                __kpod_note "${words[at]}"
            else
                pending=$word
            fi
        fi
    done
    after_flags=$ended
}

# Asks kpod for names; it answers from the records on disk.
__kpod_ask() {
    local line
    while IFS= read -r line; do
        offer+=("${line%%$'\t'*}")
    done < <("${words[0]/#\~\//$HOME/}" "${globals[@]}" __complete "$1" "$value" 2>/dev/null)
    compopt -o nosort 2>/dev/null
}

# Offers paths of containers and, where the value can be one, of the node.
__kpod_paths() {
    local file
    [[ $value != [/.~]* ]] && __kpod_ask "$1"
    if [[ ${#offer[@]} -eq 0 && $value != *:* ]]; then
        compopt -o default 2>/dev/null
        return
    fi
    paths=1
    [[ $value != *:* ]] || return
    while IFS= read -r file; do
        [[ ! -d $file ]] || file+=/
        offer+=("$file")
    done < <(compgen -f -- "$value")
}

# Fills offer with what the action offers; prefix takes what of the value stays.
__kpod_offer() {
    local key open='{{.' close='}}' field='^(.*\{\{(|[^}]*[^A-Za-z})])\.)([A-Za-z]*)$'
    case ${action[0]} in
        words) offer=("${action[@]:1}") ;;
        ask) __kpod_ask "${action[1]}" ;;
        paths) __kpod_paths "${action[1]}" ;;
        file) compopt -o default 2>/dev/null ;;
        directory) compopt -o dirnames 2>/dev/null ;;
        command) __kpod_next "${args[*]}" ;;
        fields)
            compopt -o nospace 2>/dev/null
            offer=("${action[@]:1}")
            offer=("${offer[@]/%/$close}")
            if [[ $value =~ $field ]]; then
                prefix+=${BASH_REMATCH[1]} value=${BASH_REMATCH[3]}
            else
                offer=(json "${offer[@]/#/$open}")
            fi
            ;;
        filters)
            prefix+=${value%"${value##*,}"} value=${value##*,}
            if [[ $value == *=* ]]; then
                key=${value%%=*}
                prefix+=$key= value=${value#*=}
                __kpod_filter "${action[1]}" "${key%!}"
                __kpod_offer
            else
                __kpod_filters "${action[1]}"
                compopt -o nospace 2>/dev/null
            fi
            ;;
    esac
}

_kpod() {
    local current strip quoted command='' pending='' after_flags='' global='' flag='' many='' prefix=''
    local value word paths=''
    local -a words args=() given=() bars=() globals=() action=() offer=()
    COMPREPLY=()
    __kpod_split "${COMP_LINE:0:COMP_POINT}"
    __kpod_read
    offer=() value=$current
    if [[ -n $pending ]]; then
        __kpod_value "$command" "$pending"
        args=()
    elif [[ -z $after_flags && $current == --*=* ]]; then
        __kpod_value "$command" "${current%%=*}"
        prefix=${current%%=*}= value=${current#*=} args=()
    elif [[ -z $after_flags && $current == -* ]]; then
        __kpod_flags "$command"
        action=(ready) args=("${given[@]}")
    elif [[ -z $after_flags ]] && __kpod_next "$command"; then
        action=(ready)
    else
        __kpod_argument "$command" "${#args[@]}"
    fi
    __kpod_offer
    for word in "${offer[@]}"; do
        [[ $word == "$value"* ]] || continue
        # What is on the line already is not offered again.
        [[ $'\n'$(printf '%s\n' "${args[@]}")$'\n' != *$'\n'"$word"$'\n'* ]] || continue
        word=$prefix$word
        word=${word#"$strip"}
        # Names in a file system can have any characters.
        [[ -z $paths || -n $quoted ]] || printf -v word %q "$word"
        COMPREPLY+=("$word")
    done
    # Behind a directory, or a container, the word goes on.
    [[ -z $paths || ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *[/:] ]] || compopt -o nospace 2>/dev/null
}

complete -F _kpod kpod
