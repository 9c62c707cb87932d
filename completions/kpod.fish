# fish completion for kpod, made by `npm run docs` from kpod's table of commands.

# The words that others have to follow, and the commands whose arguments are none of kpod's business.
set -g __kpod_families '' pod kube system doctor state network
set -g __kpod_passing_through run create exec debug

# True where COMMAND has a FLAG that is also the letter of a global one.
function __kpod_own_letter
    switch "$argv[1] $argv[2]"
        case 'ps -s' 'run -v' 'run -c' 'create -v' 'create -c' 'kill -s' 'update -c' 'pod kill -s' 'system df -v'
            return 0
    end
    return 1
end

# Prints the name of a global flag with a value that FLAG is after COMMAND.
function __kpod_global
    switch "$argv[1] $argv[2]"
        case 'ps -s' 'run -v' 'run -c' 'create -v' 'create -c' 'kill -s' 'update -c' 'pod kill -s' 'system df -v'
            return 1
        case '* -c' '* --config'
            echo -- --config; return 0
        case '* --log-level'
            echo -- --log-level; return 0
        case '* --root'
            echo -- --root; return 0
        case '* --runroot'
            echo -- --runroot; return 0
        case '* -s' '* --storage-driver'
            echo -- --storage-driver; return 0
        case '* --storage-opt'
            echo -- --storage-opt; return 0
        case '* --log-dir'
            echo -- --log-dir; return 0
        case '* --host'
            echo -- --host; return 0
        case '* --host-root'
            echo -- --host-root; return 0
        case '* --runtime'
            echo -- --runtime; return 0
        case '* --lock-timeout'
            echo -- --lock-timeout; return 0
    end
    return 1
end

# True where FLAG of COMMAND has a value.
function __kpod_takes_value
    switch "$argv[1] $argv[2]"
        case 'ps -f' 'ps --filter' 'ps -n' 'ps --last' 'ps --sort' 'ps --format' 'why -n' 'why --lines' 'why --format' 'inspect -t' 'inspect --type' 'inspect -f' 'inspect --format' 'inspect --attempt' 'logs --since' 'logs --until' 'logs --tail' 'logs --stream' 'logs --attempt' 'logs --limit-bytes' 'diff --format' 'export -o' 'export --output' 'stats --interval' 'stats --sort' 'stats --format' 'events -f' 'events --filter' 'events --since' 'events --until' 'events --format' 'top --pod' 'top --format' 'run -a' 'run --attach' 'run --detach-keys' 'run --name' 'run --pod' 'run --pull' 'run -l' 'run --label' 'run --annotation' 'run -e' 'run --env' 'run --env-file' 'run --entrypoint' 'run -u' 'run --user' 'run -w' 'run --workdir' 'run -v' 'run --volume' 'run --mount' 'run --tmpfs' 'run -m' 'run --memory' 'run --memory-swap' 'run --cpus' 'run -c' 'run --cpu-shares' 'run --cpuset-cpus' 'run --pids-limit' 'run --ulimit' 'run --oom-score-adj' 'run --cap-add' 'run --cap-drop' 'run --device' 'run --security-opt' 'run --stop-signal' 'run --stop-timeout' 'run --log-opt' 'run --restart' 'run --userns' 'run --network' 'run -p' 'run --publish' 'run --ip' 'run --mac' 'run --dns' 'run --dns-search' 'run --dns-option' 'run --add-host' 'run --sysctl' 'run --runtime-handler' 'run --hostname' 'run --cgroup-parent' 'create --name' 'create --pod' 'create --pull' 'create -l' 'create --label' 'create --annotation' 'create -e' 'create --env' 'create --env-file' 'create --entrypoint' 'create -u' 'create --user' 'create -w' 'create --workdir' 'create -v' 'create --volume' 'create --mount' 'create --tmpfs' 'create -m' 'create --memory' 'create --memory-swap' 'create --cpus' 'create -c' 'create --cpu-shares' 'create --cpuset-cpus' 'create --pids-limit' 'create --ulimit' 'create --oom-score-adj' 'create --cap-add' 'create --cap-drop' 'create --device' 'create --security-opt' 'create --stop-signal' 'create --stop-timeout' 'create --log-opt' 'create --restart' 'create --userns' 'create --network' 'create -p' 'create --publish' 'create --ip' 'create --mac' 'create --dns' 'create --dns-search' 'create --dns-option' 'create --add-host' 'create --sysctl' 'create --runtime-handler' 'create --hostname' 'create --cgroup-parent' 'exec -e' 'exec --env' 'exec --env-file' 'exec -u' 'exec --user' 'exec -w' 'exec --workdir' 'exec --timeout' 'exec --preserve-fds' 'exec --pod' 'exec --label' 'exec -f' 'exec --filter' 'attach --detach-keys' 'debug --image' 'debug --target-root' 'debug -e' 'debug --env' 'debug --env-file' 'debug -u' 'debug --user' 'debug -w' 'debug --workdir' 'debug --pull' 'start --detach-keys' 'start --pod' 'start --label' 'start -f' 'start --filter' 'stop -t' 'stop --timeout' 'stop --pod' 'stop --label' 'stop -f' 'stop --filter' 'restart -t' 'restart --time' 'restart --pod' 'restart --label' 'restart -f' 'restart --filter' 'kill -s' 'kill --signal' 'kill --pod' 'kill --label' 'kill -f' 'kill --filter' 'pause --pod' 'pause --label' 'pause -f' 'pause --filter' 'update -m' 'update --memory' 'update --memory-swap' 'update --cpus' 'update -c' 'update --cpu-shares' 'update --cpuset-cpus' 'update --pids-limit' 'unpause --pod' 'unpause --label' 'unpause -f' 'unpause --filter' 'checkpoint -e' 'checkpoint --export' 'restore -i' 'restore --import' 'restore --pod' 'restore -n' 'restore --name' 'restore --pull' 'restore --network' 'restore -p' 'restore --publish' 'restore --ip' 'restore --mac' 'restore --dns' 'restore --dns-search' 'restore --dns-option' 'restore --add-host' 'restore --sysctl' 'wait --condition' 'wait --timeout' 'wait --pod' 'wait --label' 'wait -f' 'wait --filter' 'rm --pod' 'rm --label' 'rm --filter' 'mount --format' 'mount --label' 'pod ps -f' 'pod ps --filter' 'pod ps --sort' 'pod ps --format' 'pod run --name' 'pod run -n' 'pod run --namespace' 'pod run -l' 'pod run --label' 'pod run --hostname' 'pod run --annotation' 'pod run --userns' 'pod run --network' 'pod run -p' 'pod run --publish' 'pod run --ip' 'pod run --mac' 'pod run --dns' 'pod run --dns-search' 'pod run --dns-option' 'pod run --add-host' 'pod run --sysctl' 'pod run --runtime-handler' 'pod run --pull' 'pod run --cgroup-parent' 'pod inspect -f' 'pod inspect --format' 'pod stop -t' 'pod stop --timeout' 'pod kill -s' 'pod kill --signal' 'port-forward --address' 'kube play --configmap' 'kube play --network' 'kube play --runtime-handler' 'kube play --pull' 'kube play --cgroup-parent' 'images -f' 'images --filter' 'images --format' 'pull --creds' 'pull --authfile' 'pull --cert-dir' 'pull --signature-policy' 'pull --platform' 'pull --policy' 'push --creds' 'push --authfile' 'push --cert-dir' 'push --signature-policy' 'push --sign-by' 'load -i' 'load --input' 'load --tag' 'save -o' 'save --output' 'save --format' 'history --format' 'login -u' 'login --username' 'login -p' 'login --password' 'login --authfile' 'login --cert-dir' 'logout --authfile' 'info --format' 'system df --format' 'system prune --filter' 'doctor --format' 'doctor -o' 'doctor --output' 'doctor --since' 'doctor --min-age' 'report -o' 'report --output' 'report --max-size' 'state diff --format' 'version --format' 'network ls --format' 'network inspect -f' 'network inspect --format' 'network check --format'
            return 0
        case 'ps -s' 'run -v' 'run -c' 'create -v' 'create -c' 'kill -s' 'update -c' 'pod kill -s' 'system df -v'
            return 1
        case '* -c' '* --config' '* --log-level' '* --root' '* --runroot' '* -s' '* --storage-driver' '* --storage-opt' '* --log-dir' '* --host' '* --host-root' '* --runtime' '* --lock-timeout'
            return 0
    end
    return 1
end

# The keys of the filters of a flag.
function __kpod_keys
    switch "$argv[1]"
        case 'ps --filter'
            printf '%s\n' ancestor before exited id label name namespace pod since status volume
        case 'events --filter'
            printf '%s\n' container event image label pod type
        case 'exec --filter'
            printf '%s\n' ancestor id label name namespace pod volume
        case 'start --filter'
            printf '%s\n' ancestor id label name namespace pod volume
        case 'stop --filter'
            printf '%s\n' ancestor id label name namespace pod volume
        case 'restart --filter'
            printf '%s\n' ancestor id label name namespace pod volume
        case 'kill --filter'
            printf '%s\n' ancestor id label name namespace pod volume
        case 'pause --filter'
            printf '%s\n' ancestor id label name namespace pod volume
        case 'unpause --filter'
            printf '%s\n' ancestor id label name namespace pod volume
        case 'wait --filter'
            printf '%s\n' ancestor id label name namespace pod volume
        case 'rm --filter'
            printf '%s\n' ancestor id label name namespace pod volume
        case 'pod ps --filter'
            printf '%s\n' id label name namespace network state
        case 'images --filter'
            printf '%s\n' before dangling in-use label pinned reference since
        case 'system prune --filter'
            printf '%s\n' until
    end
end

# What the value of a filter can be.
function __kpod_filter --argument-names place value before
    switch "$place"
        case 'ps --filter ancestor'
            __kpod_ask "ps --filter ancestor" "$value" "$before"
        case 'ps --filter before'
            __kpod_ask "ps --filter before" "$value" "$before"
        case 'ps --filter id'
            __kpod_ask "ps --filter id" "$value" "$before"
        case 'ps --filter name'
            __kpod_ask "ps --filter name" "$value" "$before"
        case 'ps --filter namespace'
            __kpod_ask "ps --filter namespace" "$value" "$before"
        case 'ps --filter pod'
            __kpod_ask "ps --filter pod" "$value" "$before"
        case 'ps --filter since'
            __kpod_ask "ps --filter since" "$value" "$before"
        case 'ps --filter status'
            printf '%s\n' "$before"{creating,created,running,paused,stopped,exited,unknown}
        case 'events --filter container'
            __kpod_ask "events --filter container" "$value" "$before"
        case 'events --filter event'
            printf '%s\n' "$before"{checkpoint,conmon_died,create,died,exec,exec_died,kill,loadfromarchive,oom,pause,pull,remove,rename,restore,start,stop,tag,unpause,untag}
        case 'events --filter image'
            __kpod_ask "events --filter image" "$value" "$before"
        case 'events --filter pod'
            __kpod_ask "events --filter pod" "$value" "$before"
        case 'events --filter type'
            printf '%s\n' "$before"{container,image,pod}
        case 'exec --filter ancestor'
            __kpod_ask "exec --filter ancestor" "$value" "$before"
        case 'exec --filter id'
            __kpod_ask "exec --filter id" "$value" "$before"
        case 'exec --filter name'
            __kpod_ask "exec --filter name" "$value" "$before"
        case 'exec --filter namespace'
            __kpod_ask "exec --filter namespace" "$value" "$before"
        case 'exec --filter pod'
            __kpod_ask "exec --filter pod" "$value" "$before"
        case 'start --filter ancestor'
            __kpod_ask "start --filter ancestor" "$value" "$before"
        case 'start --filter id'
            __kpod_ask "start --filter id" "$value" "$before"
        case 'start --filter name'
            __kpod_ask "start --filter name" "$value" "$before"
        case 'start --filter namespace'
            __kpod_ask "start --filter namespace" "$value" "$before"
        case 'start --filter pod'
            __kpod_ask "start --filter pod" "$value" "$before"
        case 'stop --filter ancestor'
            __kpod_ask "stop --filter ancestor" "$value" "$before"
        case 'stop --filter id'
            __kpod_ask "stop --filter id" "$value" "$before"
        case 'stop --filter name'
            __kpod_ask "stop --filter name" "$value" "$before"
        case 'stop --filter namespace'
            __kpod_ask "stop --filter namespace" "$value" "$before"
        case 'stop --filter pod'
            __kpod_ask "stop --filter pod" "$value" "$before"
        case 'restart --filter ancestor'
            __kpod_ask "restart --filter ancestor" "$value" "$before"
        case 'restart --filter id'
            __kpod_ask "restart --filter id" "$value" "$before"
        case 'restart --filter name'
            __kpod_ask "restart --filter name" "$value" "$before"
        case 'restart --filter namespace'
            __kpod_ask "restart --filter namespace" "$value" "$before"
        case 'restart --filter pod'
            __kpod_ask "restart --filter pod" "$value" "$before"
        case 'kill --filter ancestor'
            __kpod_ask "kill --filter ancestor" "$value" "$before"
        case 'kill --filter id'
            __kpod_ask "kill --filter id" "$value" "$before"
        case 'kill --filter name'
            __kpod_ask "kill --filter name" "$value" "$before"
        case 'kill --filter namespace'
            __kpod_ask "kill --filter namespace" "$value" "$before"
        case 'kill --filter pod'
            __kpod_ask "kill --filter pod" "$value" "$before"
        case 'pause --filter ancestor'
            __kpod_ask "pause --filter ancestor" "$value" "$before"
        case 'pause --filter id'
            __kpod_ask "pause --filter id" "$value" "$before"
        case 'pause --filter name'
            __kpod_ask "pause --filter name" "$value" "$before"
        case 'pause --filter namespace'
            __kpod_ask "pause --filter namespace" "$value" "$before"
        case 'pause --filter pod'
            __kpod_ask "pause --filter pod" "$value" "$before"
        case 'unpause --filter ancestor'
            __kpod_ask "unpause --filter ancestor" "$value" "$before"
        case 'unpause --filter id'
            __kpod_ask "unpause --filter id" "$value" "$before"
        case 'unpause --filter name'
            __kpod_ask "unpause --filter name" "$value" "$before"
        case 'unpause --filter namespace'
            __kpod_ask "unpause --filter namespace" "$value" "$before"
        case 'unpause --filter pod'
            __kpod_ask "unpause --filter pod" "$value" "$before"
        case 'wait --filter ancestor'
            __kpod_ask "wait --filter ancestor" "$value" "$before"
        case 'wait --filter id'
            __kpod_ask "wait --filter id" "$value" "$before"
        case 'wait --filter name'
            __kpod_ask "wait --filter name" "$value" "$before"
        case 'wait --filter namespace'
            __kpod_ask "wait --filter namespace" "$value" "$before"
        case 'wait --filter pod'
            __kpod_ask "wait --filter pod" "$value" "$before"
        case 'rm --filter ancestor'
            __kpod_ask "rm --filter ancestor" "$value" "$before"
        case 'rm --filter id'
            __kpod_ask "rm --filter id" "$value" "$before"
        case 'rm --filter name'
            __kpod_ask "rm --filter name" "$value" "$before"
        case 'rm --filter namespace'
            __kpod_ask "rm --filter namespace" "$value" "$before"
        case 'rm --filter pod'
            __kpod_ask "rm --filter pod" "$value" "$before"
        case 'pod ps --filter id'
            __kpod_ask "pod ps --filter id" "$value" "$before"
        case 'pod ps --filter name'
            __kpod_ask "pod ps --filter name" "$value" "$before"
        case 'pod ps --filter namespace'
            __kpod_ask "pod ps --filter namespace" "$value" "$before"
        case 'pod ps --filter network'
            __kpod_ask "pod ps --filter network" "$value" "$before"
        case 'pod ps --filter state'
            printf '%s\n' "$before"{ready,notready,creating}
        case 'images --filter before'
            __kpod_ask "images --filter before" "$value" "$before"
        case 'images --filter dangling'
            printf '%s\n' "$before"{true,false}
        case 'images --filter in-use'
            printf '%s\n' "$before"{true,false}
        case 'images --filter pinned'
            printf '%s\n' "$before"{true,false}
        case 'images --filter reference'
            __kpod_ask "images --filter reference" "$value" "$before"
        case 'images --filter since'
            __kpod_ask "images --filter since" "$value" "$before"
    end
end

# The words that can follow the arguments, as those of a command.
function __kpod_next
    switch "$__kpod_arguments"
        case ''
            printf '%s\n' 'ps	List containers' 'why	Say why a pod or a container is as it is, and what to do' 'inspect	Show everything of containers, pods and images' 'logs	Print what containers have written' 'diff	Show what a container, an image or a layer has changed' 'export	Write the file system of a container as a tar archive' 'stats	Show what containers use of processors, memory, network and disks' 'events	Tell what happens to containers, pods and images, as it happens' 'top	List the processes of a container' 'run	Run a command in a new container' 'create	Create a container that is started later' 'exec	Run a command in a container that runs' 'attach	Have the streams of a container here' 'debug	Look into a container with tools that it does not have' 'start	Start containers' 'stop	Stop containers' 'restart	Stop containers and start them again' 'kill	Send a signal to containers' 'pause	Freeze containers' 'update	Change the limits of containers' 'unpause	Thaw paused containers' 'checkpoint	Write down what containers are doing, to go on from there' 'restore	Have checkpointed containers go on where they were' 'wait	Wait until containers have ended, and print their exit codes' 'rename	Rename a container' 'rm	Remove containers' 'cp	Copy files between containers and the node' 'mount	Mount the file system of a container or an image' 'umount	Unmount the file system of a container or an image' 'pod	Commands for pods' 'port-forward	Forward ports of the node to ports of a pod' 'kube	Commands for files of Kubernetes' 'images	List images' 'pull	Pull images from a registry' 'push	Copy an image to a registry, a directory or an archive' 'load	Load an image from an archive or an OCI layout' 'save	Write images into an archive' 'rmi	Remove images' 'tag	Give an image further names' 'untag	Take names from an image' 'history	Show the steps in which an image was built' 'login	Log in to a registry' 'logout	Remove the credentials for a registry' 'info	Show what is in force on this node, and which file it comes from' 'system	Commands for the whole store' 'doctor	Find what is at odds on the node, and say why' 'config	Print the configuration in force as TOML' 'report	Collect what others need to find out what is wrong here' 'help	Show the help of a command' 'state	Commands for the state of a node' 'version	Show the versions of kpod and of the engine that runs it' 'completion	Print the script that completes command lines in a shell' 'network	Commands for networks'
        case pod
            printf '%s\n' 'ps	List pods' 'run	Start a new pod without containers' 'inspect	Show everything of pods' 'stop	Stop the containers of pods together' 'kill	Send a signal to the containers of pods' 'pause	Freeze the containers of pods' 'unpause	Thaw the containers of pods' 'reload-network	Set up the network of pods anew' 'rm	Remove pods with all their containers'
        case kube
            printf '%s\n' 'play	Start the pods of a Kubernetes YAML file' 'generate	Write pods and containers as Kubernetes YAML' 'down	Stop and remove the pods made of a Kubernetes YAML file'
        case system
            printf '%s\n' 'df	Show what takes the room on the disk, and what is not used' 'prune	Remove containers without a pod, and unused images'
        case doctor
            printf '%s\n' 'undo	Undo what doctor has mended' 'history	Show what doctor has mended'
        case state
            printf '%s\n' 'save	Keep what there is on this node, to compare it later' 'diff	Show what differs between a kept state and this node'
        case network
            printf '%s\n' 'ls	List the networks and how many addresses are left' 'inspect	Show everything of networks, with who is in them' 'check	Find what is wrong with networks, and with pods in them'
    end
end

# Reads the words before the cursor: the command, its arguments, the flags that may not be given again, and the
# global ones with a value, which go with each question to kpod.
function __kpod_read
    set -l words (commandline -opc)
    test "$words" = "$__kpod_read_words"; and return
    set -g __kpod_read_words $words
    set -g __kpod_words_of_command
    set -g __kpod_arguments
    set -g __kpod_given
    set -g __kpod_globals
    set -g __kpod_passed_through 0
    set -l ended 0
    set -e words[1]
    while set -q words[1]
        set -l word $words[1]
        set -e words[1]
        if test $ended = 1; or not string match -q -- '-?*' $word
            if test $ended = 0; and contains -- "$__kpod_words_of_command" $__kpod_families
                set -a __kpod_words_of_command $word
            else
                set -a __kpod_arguments $word
                if contains -- "$__kpod_words_of_command" $__kpod_passing_through
                    set ended 1
                    set -g __kpod_passed_through 1
                end
            end
        else if test "$word" = --
            set ended 1
        else if set -l parts (string match -r -- '^(--[^=]+)=(.*)$' $word)
            __kpod_note $parts[2] 1 $parts[3]
        else if string match -q -- '--*' $word
            __kpod_note $word 0 $words[1]; and set -e words[1]
        else
            # Letters of switches may stand together, and before one with a value.
            set -l letters (string split '' -- (string sub -s 2 -- $word))
            while set -q letters[1]
                set -l letter $letters[1]
                set -e letters[1]
                if __kpod_takes_value "$__kpod_words_of_command" -$letter
                    set -l value (string join '' -- $letters | string replace -r '^=' '')
                    if test -n "$value"
                        __kpod_note -$letter 1 $value
                    else
                        __kpod_note -$letter 0 $words[1]; and set -e words[1]
                    end
                    break
                end
                __kpod_note -$letter 0 $words[1]
            end
        end
    end
end

# Notes a flag and whether its VALUE is ATTACHED to it. Succeeds where the next word is its value.
function __kpod_note --argument-names flag attached value
    if __kpod_takes_value "$__kpod_words_of_command" $flag
        # One that waits for its value at the cursor is not given yet.
        set -q argv[3]; or return 1
        if set -l long (__kpod_global "$__kpod_words_of_command" $flag)
            set -a __kpod_globals $long=(string replace -r '^~/' "$HOME/" -- $value)
            set flag $long
        end
        set -a __kpod_given $flag
        test $attached = 0
        return
    end
    set -a __kpod_given $flag
    return 1
end

# True where a flag of COMMAND can stand, and none of the flags that it bars.
function __kpod_can --argument-names wanted
    __kpod_read
    test $__kpod_passed_through = 0; or return 1
    test "$wanted" = '*' -o "$wanted" = "$__kpod_words_of_command"; or return 1
    for barred in $argv[2..-1]
        contains -- $barred $__kpod_given; and return 1
    end
    return 0
end

# True where no command has LETTER for itself.
function __kpod_letter_is_free --argument-names letter
    __kpod_read
    not __kpod_own_letter "$__kpod_words_of_command" -$letter
end

# True at argument NUMBER of COMMAND, or behind it where MORE is given.
function __kpod_at --argument-names wanted number more
    __kpod_read
    test "$wanted" = "$__kpod_words_of_command"; or return 1
    set -l given (count $__kpod_arguments)
    if test -n "$more"
        test $given -ge $number
    else
        test $given -eq $number
    end
end

# What of the word at the cursor is the value of a flag, without quotes.
function __kpod_value
    commandline -ct | string replace -r -- '^(--[^=]+=)?[\'"]?' ''
end

# Asks kpod for names that begin as WORD does; it answers from the records on disk.
function __kpod_ask --argument-names place word before
    __kpod_read
    set -q argv[2]; or set word (__kpod_value)
    set -l program (commandline -opc)[1]
    set program (string replace -r '^~/' "$HOME/" -- $program)
    for line in ($program $__kpod_globals __complete $place "$word" 2>/dev/null)
        # What is an argument already is not offered again.
        contains -- (string split -m 1 \t -- $line)[1] $__kpod_arguments; or echo "$before$line"
    end
end

# True where the value is a path in a container.
function __kpod_in_container
    string match -q -r -- '^[^/.~:][^:]*:' (__kpod_value)
end

# Offers containers, and paths in them; those of the node fish itself offers.
function __kpod_paths --argument-names place
    string match -q -r -- '^[/.~]' (__kpod_value); or __kpod_ask $place
end

# Offers json and templates of these fields, or within a template its fields.
function __kpod_fields
    set -l value (__kpod_value)
    if set -l parts (string match -r -- '^(.*\{\{(?:|[^}]*[^A-Za-z})])\.)[A-Za-z]*$' $value)
        printf '%s\n' $parts[2]$argv'}}'
    else
        printf '%s\n' json '{{.'$argv'}}'
    end
end

# Offers the keys of the filters of a flag, or what their values can be.
function __kpod_filters --argument-names place
    set -l value (__kpod_value)
    set -l before (string match -r -- '^.*,' $value)
    set value (string replace -r -- '^.*,' '' $value)
    if set -l parts (string match -r -- '^([^=!]*)(!?=)(.*)$' $value)
        set before "$before$parts[2]$parts[3]"
        __kpod_filter "$place $parts[2]" "$parts[4]" "$before"
    else
        printf '%s\n' "$before"(__kpod_keys $place)=
    end
end

complete -c kpod -f

complete -c kpod -n '__kpod_at "" 0' -a ps -d 'List containers'
complete -c kpod -n '__kpod_at "" 0' -a why -d 'Say why a pod or a container is as it is, and what to do'
complete -c kpod -n '__kpod_at "" 0' -a inspect -d 'Show everything of containers, pods and images'
complete -c kpod -n '__kpod_at "" 0' -a logs -d 'Print what containers have written'
complete -c kpod -n '__kpod_at "" 0' -a diff -d 'Show what a container, an image or a layer has changed'
complete -c kpod -n '__kpod_at "" 0' -a export -d 'Write the file system of a container as a tar archive'
complete -c kpod -n '__kpod_at "" 0' -a stats -d 'Show what containers use of processors, memory, network and disks'
complete -c kpod -n '__kpod_at "" 0' -a events -d 'Tell what happens to containers, pods and images, as it happens'
complete -c kpod -n '__kpod_at "" 0' -a top -d 'List the processes of a container'
complete -c kpod -n '__kpod_at "" 0' -a run -d 'Run a command in a new container'
complete -c kpod -n '__kpod_at "" 0' -a create -d 'Create a container that is started later'
complete -c kpod -n '__kpod_at "" 0' -a exec -d 'Run a command in a container that runs'
complete -c kpod -n '__kpod_at "" 0' -a attach -d 'Have the streams of a container here'
complete -c kpod -n '__kpod_at "" 0' -a debug -d 'Look into a container with tools that it does not have'
complete -c kpod -n '__kpod_at "" 0' -a start -d 'Start containers'
complete -c kpod -n '__kpod_at "" 0' -a stop -d 'Stop containers'
complete -c kpod -n '__kpod_at "" 0' -a restart -d 'Stop containers and start them again'
complete -c kpod -n '__kpod_at "" 0' -a kill -d 'Send a signal to containers'
complete -c kpod -n '__kpod_at "" 0' -a pause -d 'Freeze containers'
complete -c kpod -n '__kpod_at "" 0' -a update -d 'Change the limits of containers'
complete -c kpod -n '__kpod_at "" 0' -a unpause -d 'Thaw paused containers'
complete -c kpod -n '__kpod_at "" 0' -a checkpoint -d 'Write down what containers are doing, to go on from there'
complete -c kpod -n '__kpod_at "" 0' -a restore -d 'Have checkpointed containers go on where they were'
complete -c kpod -n '__kpod_at "" 0' -a wait -d 'Wait until containers have ended, and print their exit codes'
complete -c kpod -n '__kpod_at "" 0' -a rename -d 'Rename a container'
complete -c kpod -n '__kpod_at "" 0' -a rm -d 'Remove containers'
complete -c kpod -n '__kpod_at "" 0' -a cp -d 'Copy files between containers and the node'
complete -c kpod -n '__kpod_at "" 0' -a mount -d 'Mount the file system of a container or an image'
complete -c kpod -n '__kpod_at "" 0' -a umount -d 'Unmount the file system of a container or an image'
complete -c kpod -n '__kpod_at "" 0' -a pod -d 'Commands for pods'
complete -c kpod -n '__kpod_at "" 0' -a port-forward -d 'Forward ports of the node to ports of a pod'
complete -c kpod -n '__kpod_at "" 0' -a kube -d 'Commands for files of Kubernetes'
complete -c kpod -n '__kpod_at "" 0' -a images -d 'List images'
complete -c kpod -n '__kpod_at "" 0' -a pull -d 'Pull images from a registry'
complete -c kpod -n '__kpod_at "" 0' -a push -d 'Copy an image to a registry, a directory or an archive'
complete -c kpod -n '__kpod_at "" 0' -a load -d 'Load an image from an archive or an OCI layout'
complete -c kpod -n '__kpod_at "" 0' -a save -d 'Write images into an archive'
complete -c kpod -n '__kpod_at "" 0' -a rmi -d 'Remove images'
complete -c kpod -n '__kpod_at "" 0' -a tag -d 'Give an image further names'
complete -c kpod -n '__kpod_at "" 0' -a untag -d 'Take names from an image'
complete -c kpod -n '__kpod_at "" 0' -a history -d 'Show the steps in which an image was built'
complete -c kpod -n '__kpod_at "" 0' -a login -d 'Log in to a registry'
complete -c kpod -n '__kpod_at "" 0' -a logout -d 'Remove the credentials for a registry'
complete -c kpod -n '__kpod_at "" 0' -a info -d 'Show what is in force on this node, and which file it comes from'
complete -c kpod -n '__kpod_at "" 0' -a system -d 'Commands for the whole store'
complete -c kpod -n '__kpod_at "" 0' -a doctor -d 'Find what is at odds on the node, and say why'
complete -c kpod -n '__kpod_at "" 0' -a config -d 'Print the configuration in force as TOML'
complete -c kpod -n '__kpod_at "" 0' -a report -d 'Collect what others need to find out what is wrong here'
complete -c kpod -n '__kpod_at "" 0' -a help -d 'Show the help of a command'
complete -c kpod -n '__kpod_at "" 0' -a state -d 'Commands for the state of a node'
complete -c kpod -n '__kpod_at "" 0' -a version -d 'Show the versions of kpod and of the engine that runs it'
complete -c kpod -n '__kpod_at "" 0' -a completion -d 'Print the script that completes command lines in a shell'
complete -c kpod -n '__kpod_at "" 0' -a network -d 'Commands for networks'
complete -c kpod -n '__kpod_at pod 0' -a ps -d 'List pods'
complete -c kpod -n '__kpod_at pod 0' -a run -d 'Start a new pod without containers'
complete -c kpod -n '__kpod_at pod 0' -a inspect -d 'Show everything of pods'
complete -c kpod -n '__kpod_at pod 0' -a stop -d 'Stop the containers of pods together'
complete -c kpod -n '__kpod_at pod 0' -a kill -d 'Send a signal to the containers of pods'
complete -c kpod -n '__kpod_at pod 0' -a pause -d 'Freeze the containers of pods'
complete -c kpod -n '__kpod_at pod 0' -a unpause -d 'Thaw the containers of pods'
complete -c kpod -n '__kpod_at pod 0' -a reload-network -d 'Set up the network of pods anew'
complete -c kpod -n '__kpod_at pod 0' -a rm -d 'Remove pods with all their containers'
complete -c kpod -n '__kpod_at kube 0' -a play -d 'Start the pods of a Kubernetes YAML file'
complete -c kpod -n '__kpod_at kube 0' -a generate -d 'Write pods and containers as Kubernetes YAML'
complete -c kpod -n '__kpod_at kube 0' -a down -d 'Stop and remove the pods made of a Kubernetes YAML file'
complete -c kpod -n '__kpod_at system 0' -a df -d 'Show what takes the room on the disk, and what is not used'
complete -c kpod -n '__kpod_at system 0' -a prune -d 'Remove containers without a pod, and unused images'
complete -c kpod -n '__kpod_at doctor 0' -a undo -d 'Undo what doctor has mended'
complete -c kpod -n '__kpod_at doctor 0' -a history -d 'Show what doctor has mended'
complete -c kpod -n '__kpod_at state 0' -a save -d 'Keep what there is on this node, to compare it later'
complete -c kpod -n '__kpod_at state 0' -a diff -d 'Show what differs between a kept state and this node'
complete -c kpod -n '__kpod_at network 0' -a ls -d 'List the networks and how many addresses are left'
complete -c kpod -n '__kpod_at network 0' -a inspect -d 'Show everything of networks, with who is in them'
complete -c kpod -n '__kpod_at network 0' -a check -d 'Find what is wrong with networks, and with pods in them'

complete -c kpod -n '__kpod_can ps -a --all -n --last -l --latest' -s a -l all -d 'Show all containers, not only those that run'
complete -c kpod -n '__kpod_can ps' -s f -l filter -d 'Show those that fit: ancestor, before, exited, id, label, name, namespace, pod, since, status or volume; KEY!=VALUE negates' -x -k -a '(__kpod_filters "ps --filter")'
complete -c kpod -n '__kpod_can ps -a --all -n --last -l --latest' -s n -l last -d 'Show the N containers made last, whatever their state' -x
complete -c kpod -n '__kpod_can ps -a --all -n --last -l --latest' -s l -l latest -d 'Show the container made last, whatever its state'
complete -c kpod -n '__kpod_can ps --namespace' -l namespace -d 'Show pid and namespaces instead of the usual columns'
complete -c kpod -n '__kpod_can ps --ns' -l ns -d 'The same as --namespace'
complete -c kpod -n '__kpod_can ps --orphans --pid-tree' -l orphans -d 'Show what runs or ran without a record instead: a runtime or a conmon alone knows of it'
complete -c kpod -n '__kpod_can ps --orphans --pid-tree -q --quiet --format' -l pid-tree -d 'Show pods, their containers and the processes of these as trees instead'
complete -c kpod -n '__kpod_can ps --pod' -l pod -d 'Add columns with the pod and its Kubernetes namespace'
complete -c kpod -n '__kpod_can ps -s --size' -s s -l size -d 'Add the size of the changes and, as virtual, of image and changes together'
complete -c kpod -n '__kpod_can ps --sort' -l sort -d 'Sort by command, created, id, image, names, pod, runningfor, size or status; times and sizes fall' -x -k -a 'command created id image names pod runningfor size status'
complete -c kpod -n '__kpod_can ps -w --watch' -s w -l watch -d 'Show the list again every SECONDS, 2 when left out, until Ctrl-C'
complete -c kpod -n '__kpod_can ps --pid-tree -q --quiet' -s q -l quiet -d 'Print the ids only'
complete -c kpod -n '__kpod_can ps --no-trunc' -l no-trunc -d 'Print ids and names in full'
complete -c kpod -n '__kpod_can ps --noheading' -l noheading -d 'Leave the line of headings out'
complete -c kpod -n '__kpod_can ps --pid-tree --format' -l format -d 'Print json, or what a template of Go makes of each container' -x -k -a '(__kpod_fields ID Image ImageID Command CreatedAt Created RunningFor Status Ports Size Names Labels Mounts ProcessLabel MountLabel PID Cgroup IPC MNT NET PIDNS User UTS Pod PodID PodNamespace State ExitCode)'

complete -c kpod -n '__kpod_can why -n --lines' -s n -l lines -d 'Lines of the end of its log' -x
complete -c kpod -n '__kpod_can why --format' -l format -d 'Print text or json' -x -k -a 'text json'
complete -c kpod -n '__kpod_can why --live' -l live -d 'Judge processes, mounts and cgroups also with --root'
complete -c kpod -n '__kpod_at why 0 more' -k -a '(__kpod_ask why)'

complete -c kpod -n '__kpod_can inspect -t --type' -s t -l type -d 'What the names mean; all takes the first of container, pod and image that there is' -x -k -a 'container image pod all'
complete -c kpod -n '__kpod_can inspect -f --format' -s f -l format -d 'Print json, or what a template makes of each: {{.Name}}' -x -k -a '(__kpod_fields ID Name LogPath Labels Annotations State Metadata BundlePath StopSignal Image ImageID Mountpoint MountLabel Mounts AppArmorProfile ImageAnnotations CreatedBy Config SizeRw SizeRootFs Args ResolvConfPath HostnamePath HostsPath GraphDriver PodID PodName PodNamespace CgroupPath IPs Pid ProcessLabel Networks PortMappings IDMappings)'
complete -c kpod -n '__kpod_can inspect --size' -l size -d 'Measure containers as well'
complete -c kpod -n '__kpod_can inspect --attempt' -l attempt -d 'Of a container that was started anew, attempt N in place of the newest' -x
complete -c kpod -n '__kpod_at inspect 0 more' -k -a '(__kpod_ask inspect)'

complete -c kpod -n '__kpod_can logs -f --follow -r --reopen' -s f -l follow -d 'Go on until the container has ended'
complete -c kpod -n '__kpod_can logs --since' -l since -d 'Only lines from this time on: 2006-01-02T15:04:05Z, 15:04:05, or 10m for ten minutes ago' -x
complete -c kpod -n '__kpod_can logs --until' -l until -d 'Only lines up to this time' -x
complete -c kpod -n '__kpod_can logs --tail' -l tail -d 'Only the last N lines' -x
complete -c kpod -n '__kpod_can logs -t --timestamps' -s t -l timestamps -d 'Print the time before each line'
complete -c kpod -n '__kpod_can logs --stream' -l stream -d 'Only what was written to stdout or stderr' -x -k -a 'stdout stderr'
complete -c kpod -n '__kpod_can logs --names' -l names -d 'Print the name of the container before each line'
complete -c kpod -n '__kpod_can logs --details' -l details -d 'Print the labels of the container before each line'
complete -c kpod -n '__kpod_can logs -p --previous --attempt -r --reopen' -s p -l previous -d 'Print the log of the attempt before, which this container has replaced'
complete -c kpod -n '__kpod_can logs -p --previous --attempt' -l attempt -d 'Of a container that was started anew, attempt N in place of the newest' -x
complete -c kpod -n '__kpod_can logs --limit-bytes' -l limit-bytes -d 'Print N bytes at most, and end then' -x
complete -c kpod -n '__kpod_can logs -f --follow -p --previous -r --reopen' -s r -l reopen -d 'Print nothing, but have conmon open the log file anew, after it was moved away'
complete -c kpod -n '__kpod_at logs 0 more' -k -a '(__kpod_ask logs)'

complete -c kpod -n '__kpod_can diff --format' -l format -d 'Print JSON' -x -k -a json
complete -c kpod -n '__kpod_at diff 0' -k -a '(__kpod_ask diff)'
complete -c kpod -n '__kpod_at diff 1 more' -k -a '(__kpod_ask diff)'

complete -c kpod -n '__kpod_can export -o --output' -s o -l output -d 'Write to a file instead of standard output' -r -F
complete -c kpod -n '__kpod_at export 0 more' -k -a '(__kpod_ask export)'

complete -c kpod -n '__kpod_can stats -a --all' -s a -l all -d 'Show all containers, those that do not run with zeros'
complete -c kpod -n '__kpod_can stats --no-stream' -l no-stream -d 'Show the stats once instead of again and again'
complete -c kpod -n '__kpod_can stats --interval' -l interval -d 'Time between two looks: 2 when left out, with --no-stream a quarter of a second' -x
complete -c kpod -n '__kpod_can stats --pod' -l pod -d 'Show the sums over the containers of each pod; arguments name pods'
complete -c kpod -n '__kpod_can stats --sort' -l sort -d 'Sort by container, name, cpu, mem, mem_percent, net, block or pids; numbers fall' -x -k -a 'container name cpu mem mem_percent net block pids'
complete -c kpod -n '__kpod_can stats --no-trunc' -l no-trunc -d 'Print ids and names in full'
complete -c kpod -n '__kpod_can stats --format --json' -l format -d 'Print json, prom (metrics for Prometheus, once, as the kubelet\'s), or what a template of Go makes of each line' -x -k -a '(__kpod_fields Container ID Name CPUPerc MemUsage MemPerc NetIO BlockIO PIDs OOMKills CPUPressure MemPressure IOPressure Pod PodID PodNamespace)'
complete -c kpod -n '__kpod_can stats --format --json' -l json -d 'Print JSON: an array for each look, one line each when there are several'
complete -c kpod -n '__kpod_at stats 0 more' -k -a '(__kpod_ask stats)'

complete -c kpod -n '__kpod_can events' -s f -l filter -d 'Only events that fit: container, event, image, label, pod, type (repeatable)' -x -k -a '(__kpod_filters "events --filter")'
complete -c kpod -n '__kpod_can events --since' -l since -d 'What has happened from this time on, too: 2006-01-02T15:04:05Z, 15:04:05, or 10m for ten minutes ago' -x
complete -c kpod -n '__kpod_can events --until' -l until -d 'What has happened, too, and end at this time; 10m for in ten minutes' -x
complete -c kpod -n '__kpod_can events --format --json' -l format -d 'Print json, or what a template makes of each: {{.Status}}' -x -k -a '(__kpod_fields Attributes ContainerExitCode ID Image Name PodID Status Time TimeNano Type)'
complete -c kpod -n '__kpod_can events --format --json' -l json -d 'Print JSON, one object a line'
complete -c kpod -n '__kpod_can events --no-stream' -l no-stream -d 'Print what has happened, and end'

complete -c kpod -n '__kpod_can top --pod' -l pod -d 'List those of all containers of a pod; what is named then are descriptors' -x -k -a '(__kpod_ask "top --pod")'
complete -c kpod -n '__kpod_can top -w --watch' -s w -l watch -d 'Show the list again every SECONDS, 2 when left out, until Ctrl-C'
complete -c kpod -n '__kpod_can top --format' -l format -d 'Print a table or JSON' -x -k -a 'table json'
complete -c kpod -n '__kpod_can top --list-descriptors' -l list-descriptors -d 'Print the descriptors and end'
complete -c kpod -n '__kpod_at top 0' -k -a '(__kpod_ask top)'

complete -c kpod -n '__kpod_can run -d --detach -a --attach' -s d -l detach -d 'Print the id and return, while the container runs on'
complete -c kpod -n '__kpod_can run --rm' -l rm -d 'Remove the container, and a pod made for it, once it has ended'
complete -c kpod -n '__kpod_can run' -s a -l attach -d 'Have only this stream of it here (repeatable)' -x -k -a 'stdin stdout stderr'
complete -c kpod -n '__kpod_can run --detach-keys' -l detach-keys -d 'Keys by which to leave it, with commas between; none where empty' -x
complete -c kpod -n '__kpod_can run --sig-proxy' -l sig-proxy -d 'Hand on signals to it'
complete -c kpod -n '__kpod_can run -i --interactive' -s i -l interactive -d 'Give it an input, to which those who attach write'
complete -c kpod -n '__kpod_can run -t --tty' -s t -l tty -d 'Give it a terminal'
complete -c kpod -n '__kpod_can run --stdin-once' -l stdin-once -d 'Close its input when the first who is attached leaves or has no more'
complete -c kpod -n '__kpod_can run --name' -l name -d 'Name of the container in its pod' -x
complete -c kpod -n '__kpod_can run --pod' -l pod -d 'Pod to run in; without it the container gets one of its own' -x -k -a '(__kpod_ask "run --pod")'
complete -c kpod -n '__kpod_can run --pull' -l pull -d 'When to pull the image: always, missing (not in the store) or never' -x -k -a 'always missing never'
complete -c kpod -n '__kpod_can run --force' -l force -d 'Run also in a pod of a CRI-O that runs, which will not see the container'
complete -c kpod -n '__kpod_can run' -s l -l label -d 'Label of the container (repeatable)' -x
complete -c kpod -n '__kpod_can run' -l annotation -d 'Annotation of the container (repeatable)' -x
complete -c kpod -n '__kpod_can run' -s e -l env -d 'Environment variable (repeatable)' -x
complete -c kpod -n '__kpod_can run' -l env-file -d 'File of variables, a KEY=VALUE a line (repeatable)' -r -F
complete -c kpod -n '__kpod_can run --entrypoint' -l entrypoint -d 'In the place of the image\'s entry point and command; several words as a list of JSON, "" for none' -x
complete -c kpod -n '__kpod_can run -u --user' -s u -l user -d 'Run as this user, by the names of the image or by numbers' -x
complete -c kpod -n '__kpod_can run -w --workdir' -s w -l workdir -d 'Working directory in the container' -x
complete -c kpod -n '__kpod_can run' -s v -l volume -d 'Mount a directory or file of the host (repeatable)' -r -F
complete -c kpod -n '__kpod_can run' -l mount -d 'Mount a path of the host (type=bind,src=PATH) or memory (type=tmpfs); with ro, bind-propagation, tmpfs-size, tmpfs-mode (repeatable)' -x
complete -c kpod -n '__kpod_can run' -l tmpfs -d 'Mount memory there, as /run:size=64m,exec (repeatable)' -x
complete -c kpod -n '__kpod_can run --read-only' -l read-only -d 'The root cannot be written, but for /run, /tmp and /var/tmp in memory'
complete -c kpod -n '__kpod_can run -m --memory' -s m -l memory -d 'Memory: bytes, or with k, m, g; -1 for no limit' -x
complete -c kpod -n '__kpod_can run --memory-swap' -l memory-swap -d 'Memory and swap together, likewise' -x
complete -c kpod -n '__kpod_can run --cpus' -l cpus -d 'Processors, as 1.5; 0 for no limit' -x
complete -c kpod -n '__kpod_can run -c --cpu-shares' -s c -l cpu-shares -d 'Weight beside others, 1024 being the usual one' -x
complete -c kpod -n '__kpod_can run --cpuset-cpus' -l cpuset-cpus -d 'Processors to run on, as 0-3,7' -x
complete -c kpod -n '__kpod_can run --pids-limit' -l pids-limit -d 'Processes and threads; -1 for no limit' -x
complete -c kpod -n '__kpod_can run' -l ulimit -d 'Limit of each process, as nofile=1024:2048; -1 for none (repeatable)' -x
complete -c kpod -n '__kpod_can run --oom-score-adj' -l oom-score-adj -d 'From -1000 (spared) to 1000 (taken first) when memory runs out; 0 by default' -x
complete -c kpod -n '__kpod_can run' -l cap-add -d 'Add a capability, as NET_ADMIN, or ALL (repeatable)' -x
complete -c kpod -n '__kpod_can run' -l cap-drop -d 'Drop one, or ALL (repeatable)' -x
complete -c kpod -n '__kpod_can run --privileged' -l privileged -d 'With the rights of the host: all capabilities and devices, no confinement'
complete -c kpod -n '__kpod_can run' -l device -d 'Let it have a device of the host (repeatable)' -r -F
complete -c kpod -n '__kpod_can run' -l security-opt -d 'seccomp=FILE or unconfined; apparmor=PROFILE or unconfined; label=disable, or user:, role:, type:, level: with a value; no-new-privileges (repeatable)' -x -k -a 'seccomp=unconfined apparmor=unconfined label=disable no-new-privileges'
complete -c kpod -n '__kpod_can run --init' -l init -d 'Run a small init first, which hands on signals and reaps'
complete -c kpod -n '__kpod_can run --stop-signal' -l stop-signal -d 'Signal that asks it to end, in the place of the image\'s' -x -k -a 'TERM KILL HUP INT QUIT USR1 USR2 STOP CONT ABRT ALRM WINCH BUS CHLD FPE ILL IO PIPE PROF PWR SEGV STKFLT SYS TRAP TSTP TTIN TTOU URG VTALRM XCPU XFSZ RTMIN RTMAX'
complete -c kpod -n '__kpod_can run --stop-timeout' -l stop-timeout -d 'How long it may take to end before kpod-stop(1) kills it; 10 by default' -x
complete -c kpod -n '__kpod_can run' -l log-opt -d 'Size after which its log begins anew, or where that is (repeatable)' -x
complete -c kpod -n '__kpod_can run --restart' -l restart -d 'Only no: nobody is there to restart it' -x -k -a no
complete -c kpod -n '__kpod_can run --userns' -l userns -d 'Users: host, those of the node; with --pod pod, those of the pod; for a pod that is made auto[:size=N] or INSIDE:NODE:SIZE,…' -x -k -a 'auto host pod'
complete -c kpod -n '__kpod_can run --network' -l network -d 'Network of the new pod: cni, the one that CRI-O takes; host; none; or CNI networks by their names with commas between; by default cni where one is configured, else none' -x -k -a '(__kpod_ask "run --network")'
complete -c kpod -n '__kpod_can run' -s p -l publish -d 'Have a port of the host, or a range as 8000-8009, lead to one of the new pod; PROTOCOL is tcp, udp or sctp (repeatable)' -x
complete -c kpod -n '__kpod_can run' -l ip -d 'Address of the new pod, one of IPv4 and of IPv6 (repeatable)' -x
complete -c kpod -n '__kpod_can run --mac' -l mac -d 'MAC address of the new pod' -x
complete -c kpod -n '__kpod_can run' -l dns -d 'DNS server of the new pod instead of the host\'s (repeatable)' -x
complete -c kpod -n '__kpod_can run' -l dns-search -d 'Domain in which it looks for names (repeatable)' -x
complete -c kpod -n '__kpod_can run' -l dns-option -d 'Option of its resolv.conf (repeatable)' -x
complete -c kpod -n '__kpod_can run' -l add-host -d 'Name and address for the /etc/hosts of the new pod (repeatable)' -x
complete -c kpod -n '__kpod_can run' -l sysctl -d 'Setting of the kernel for the namespaces of the new pod (repeatable)' -x
complete -c kpod -n '__kpod_can run --runtime-handler' -l runtime-handler -d 'Runtime of the new pod, by its name in [crio.runtime.runtimes]' -x
complete -c kpod -n '__kpod_can run --hostname' -l hostname -d 'Host name of the pod that is made' -x
complete -c kpod -n '__kpod_can run --cgroup-parent' -l cgroup-parent -d 'Cgroup of the pod that is made' -x
complete -c kpod -n '__kpod_at run 0' -k -a '(__kpod_ask run)'

complete -c kpod -n '__kpod_can create -i --interactive' -s i -l interactive -d 'Give it an input, to which those who attach write'
complete -c kpod -n '__kpod_can create -t --tty' -s t -l tty -d 'Give it a terminal'
complete -c kpod -n '__kpod_can create --stdin-once' -l stdin-once -d 'Close its input when the first who is attached leaves or has no more'
complete -c kpod -n '__kpod_can create --name' -l name -d 'Name of the container in its pod' -x
complete -c kpod -n '__kpod_can create --pod' -l pod -d 'Pod to run in; without it the container gets one of its own' -x -k -a '(__kpod_ask "create --pod")'
complete -c kpod -n '__kpod_can create --pull' -l pull -d 'When to pull the image: always, missing (not in the store) or never' -x -k -a 'always missing never'
complete -c kpod -n '__kpod_can create --force' -l force -d 'Run also in a pod of a CRI-O that runs, which will not see the container'
complete -c kpod -n '__kpod_can create' -s l -l label -d 'Label of the container (repeatable)' -x
complete -c kpod -n '__kpod_can create' -l annotation -d 'Annotation of the container (repeatable)' -x
complete -c kpod -n '__kpod_can create' -s e -l env -d 'Environment variable (repeatable)' -x
complete -c kpod -n '__kpod_can create' -l env-file -d 'File of variables, a KEY=VALUE a line (repeatable)' -r -F
complete -c kpod -n '__kpod_can create --entrypoint' -l entrypoint -d 'In the place of the image\'s entry point and command; several words as a list of JSON, "" for none' -x
complete -c kpod -n '__kpod_can create -u --user' -s u -l user -d 'Run as this user, by the names of the image or by numbers' -x
complete -c kpod -n '__kpod_can create -w --workdir' -s w -l workdir -d 'Working directory in the container' -x
complete -c kpod -n '__kpod_can create' -s v -l volume -d 'Mount a directory or file of the host (repeatable)' -r -F
complete -c kpod -n '__kpod_can create' -l mount -d 'Mount a path of the host (type=bind,src=PATH) or memory (type=tmpfs); with ro, bind-propagation, tmpfs-size, tmpfs-mode (repeatable)' -x
complete -c kpod -n '__kpod_can create' -l tmpfs -d 'Mount memory there, as /run:size=64m,exec (repeatable)' -x
complete -c kpod -n '__kpod_can create --read-only' -l read-only -d 'The root cannot be written, but for /run, /tmp and /var/tmp in memory'
complete -c kpod -n '__kpod_can create -m --memory' -s m -l memory -d 'Memory: bytes, or with k, m, g; -1 for no limit' -x
complete -c kpod -n '__kpod_can create --memory-swap' -l memory-swap -d 'Memory and swap together, likewise' -x
complete -c kpod -n '__kpod_can create --cpus' -l cpus -d 'Processors, as 1.5; 0 for no limit' -x
complete -c kpod -n '__kpod_can create -c --cpu-shares' -s c -l cpu-shares -d 'Weight beside others, 1024 being the usual one' -x
complete -c kpod -n '__kpod_can create --cpuset-cpus' -l cpuset-cpus -d 'Processors to run on, as 0-3,7' -x
complete -c kpod -n '__kpod_can create --pids-limit' -l pids-limit -d 'Processes and threads; -1 for no limit' -x
complete -c kpod -n '__kpod_can create' -l ulimit -d 'Limit of each process, as nofile=1024:2048; -1 for none (repeatable)' -x
complete -c kpod -n '__kpod_can create --oom-score-adj' -l oom-score-adj -d 'From -1000 (spared) to 1000 (taken first) when memory runs out; 0 by default' -x
complete -c kpod -n '__kpod_can create' -l cap-add -d 'Add a capability, as NET_ADMIN, or ALL (repeatable)' -x
complete -c kpod -n '__kpod_can create' -l cap-drop -d 'Drop one, or ALL (repeatable)' -x
complete -c kpod -n '__kpod_can create --privileged' -l privileged -d 'With the rights of the host: all capabilities and devices, no confinement'
complete -c kpod -n '__kpod_can create' -l device -d 'Let it have a device of the host (repeatable)' -r -F
complete -c kpod -n '__kpod_can create' -l security-opt -d 'seccomp=FILE or unconfined; apparmor=PROFILE or unconfined; label=disable, or user:, role:, type:, level: with a value; no-new-privileges (repeatable)' -x -k -a 'seccomp=unconfined apparmor=unconfined label=disable no-new-privileges'
complete -c kpod -n '__kpod_can create --init' -l init -d 'Run a small init first, which hands on signals and reaps'
complete -c kpod -n '__kpod_can create --stop-signal' -l stop-signal -d 'Signal that asks it to end, in the place of the image\'s' -x -k -a 'TERM KILL HUP INT QUIT USR1 USR2 STOP CONT ABRT ALRM WINCH BUS CHLD FPE ILL IO PIPE PROF PWR SEGV STKFLT SYS TRAP TSTP TTIN TTOU URG VTALRM XCPU XFSZ RTMIN RTMAX'
complete -c kpod -n '__kpod_can create --stop-timeout' -l stop-timeout -d 'How long it may take to end before kpod-stop(1) kills it; 10 by default' -x
complete -c kpod -n '__kpod_can create' -l log-opt -d 'Size after which its log begins anew, or where that is (repeatable)' -x
complete -c kpod -n '__kpod_can create --restart' -l restart -d 'Only no: nobody is there to restart it' -x -k -a no
complete -c kpod -n '__kpod_can create --userns' -l userns -d 'Users: host, those of the node; with --pod pod, those of the pod; for a pod that is made auto[:size=N] or INSIDE:NODE:SIZE,…' -x -k -a 'auto host pod'
complete -c kpod -n '__kpod_can create --network' -l network -d 'Network of the new pod: cni, the one that CRI-O takes; host; none; or CNI networks by their names with commas between; by default cni where one is configured, else none' -x -k -a '(__kpod_ask "create --network")'
complete -c kpod -n '__kpod_can create' -s p -l publish -d 'Have a port of the host, or a range as 8000-8009, lead to one of the new pod; PROTOCOL is tcp, udp or sctp (repeatable)' -x
complete -c kpod -n '__kpod_can create' -l ip -d 'Address of the new pod, one of IPv4 and of IPv6 (repeatable)' -x
complete -c kpod -n '__kpod_can create --mac' -l mac -d 'MAC address of the new pod' -x
complete -c kpod -n '__kpod_can create' -l dns -d 'DNS server of the new pod instead of the host\'s (repeatable)' -x
complete -c kpod -n '__kpod_can create' -l dns-search -d 'Domain in which it looks for names (repeatable)' -x
complete -c kpod -n '__kpod_can create' -l dns-option -d 'Option of its resolv.conf (repeatable)' -x
complete -c kpod -n '__kpod_can create' -l add-host -d 'Name and address for the /etc/hosts of the new pod (repeatable)' -x
complete -c kpod -n '__kpod_can create' -l sysctl -d 'Setting of the kernel for the namespaces of the new pod (repeatable)' -x
complete -c kpod -n '__kpod_can create --runtime-handler' -l runtime-handler -d 'Runtime of the new pod, by its name in [crio.runtime.runtimes]' -x
complete -c kpod -n '__kpod_can create --hostname' -l hostname -d 'Host name of the pod that is made' -x
complete -c kpod -n '__kpod_can create --cgroup-parent' -l cgroup-parent -d 'Cgroup of the pod that is made' -x
complete -c kpod -n '__kpod_at create 0' -k -a '(__kpod_ask create)'

complete -c kpod -n '__kpod_can exec -i --interactive -d --detach' -s i -l interactive -d 'Hand on standard input'
complete -c kpod -n '__kpod_can exec -t --tty -d --detach' -s t -l tty -d 'Give the command a terminal: this one, with its size and its keys'
complete -c kpod -n '__kpod_can exec -i --interactive -t --tty -d --detach --timeout' -s d -l detach -d 'Return at once, while the command runs on without streams'
complete -c kpod -n '__kpod_can exec' -s e -l env -d 'Environment variable (repeatable)' -x
complete -c kpod -n '__kpod_can exec' -l env-file -d 'File of variables, a KEY=VALUE a line (repeatable)' -r -F
complete -c kpod -n '__kpod_can exec -u --user' -s u -l user -d 'Run it as this user, by the names of the container or by numbers' -x
complete -c kpod -n '__kpod_can exec -w --workdir' -s w -l workdir -d 'Run it in this directory of the container' -x
complete -c kpod -n '__kpod_can exec --privileged' -l privileged -d 'Give it all capabilities, and no AppArmor'
complete -c kpod -n '__kpod_can exec -d --detach --timeout' -l timeout -d 'Kill it, and what it has started, when it has not ended by then, and end with 124' -x
complete -c kpod -n '__kpod_can exec --preserve-fds' -l preserve-fds -d 'Hand on N file descriptors from 3 on' -x
complete -c kpod -n '__kpod_can exec -a --all' -s a -l all -d 'All containers that run'
complete -c kpod -n '__kpod_can exec -l --latest' -s l -l latest -d 'The container that was made last, of those that run'
complete -c kpod -n '__kpod_can exec --pod' -l pod -d 'The containers of this pod' -x -k -a '(__kpod_ask "exec --pod")'
complete -c kpod -n '__kpod_can exec' -l label -d 'Those that have this label (repeatable)' -x
complete -c kpod -n '__kpod_can exec' -s f -l filter -d 'Those that fit, by the filters of kpod ps (repeatable)' -x -k -a '(__kpod_filters "exec --filter")'
complete -c kpod -n '__kpod_can exec -x --parallel' -s x -l parallel -d 'With several containers: in all at the same time'
complete -c kpod -n '__kpod_at exec 0' -k -a '(__kpod_ask exec)'

complete -c kpod -n '__kpod_can attach --no-stdin' -l no-stdin -d 'Hand on no standard input'
complete -c kpod -n '__kpod_can attach --detach-keys' -l detach-keys -d 'Keys by which to leave it, with commas between; none where empty' -x
complete -c kpod -n '__kpod_can attach --sig-proxy' -l sig-proxy -d 'Hand on signals to it'
complete -c kpod -n '__kpod_at attach 0 more' -k -a '(__kpod_ask attach)'

complete -c kpod -n '__kpod_can debug --image --host-tools' -l image -d 'Take the tools of this image' -x -k -a '(__kpod_ask "debug --image")'
complete -c kpod -n '__kpod_can debug --image --host-tools' -l host-tools -d 'Take the node\'s own tools, which can only be read; so it is without --image'
complete -c kpod -n '__kpod_can debug --target-root' -l target-root -d 'Show the file system of the container at this directory' -x
complete -c kpod -n '__kpod_can debug --copy' -l copy -d 'Do not join the container, which may have ended: run one like it, in its pod, with this command'
complete -c kpod -n '__kpod_can debug -i --interactive' -s i -l interactive -d 'Hand on standard input'
complete -c kpod -n '__kpod_can debug -t --tty' -s t -l tty -d 'Give the command a terminal: this one, with its size and its keys'
complete -c kpod -n '__kpod_can debug' -s e -l env -d 'Environment variable (repeatable)' -x
complete -c kpod -n '__kpod_can debug' -l env-file -d 'File of variables, a KEY=VALUE a line (repeatable)' -r -F
complete -c kpod -n '__kpod_can debug -u --user' -s u -l user -d 'Run it as this user, by the names of the container or by numbers' -x
complete -c kpod -n '__kpod_can debug -w --workdir' -s w -l workdir -d 'Run it in this directory' -x
complete -c kpod -n '__kpod_can debug --privileged' -l privileged -d 'Give it all capabilities, and neither seccomp nor AppArmor'
complete -c kpod -n '__kpod_can debug --pull' -l pull -d 'When to pull the image: always, missing (not in the store) or never' -x -k -a 'always missing never'
complete -c kpod -n '__kpod_at debug 0' -k -a '(__kpod_ask debug)'

complete -c kpod -n '__kpod_can start -a --attach' -s a -l attach -d 'Have what it writes here, from its beginning, and end with its exit code'
complete -c kpod -n '__kpod_can start -i --interactive' -s i -l interactive -d 'The same, and hand on standard input'
complete -c kpod -n '__kpod_can start --detach-keys' -l detach-keys -d 'Keys by which to leave it, with commas between; none where empty' -x
complete -c kpod -n '__kpod_can start --sig-proxy' -l sig-proxy -d 'Hand on signals to it'
complete -c kpod -n '__kpod_can start --force' -l force -d 'Start also a container of a CRI-O that runs, which will not see that'
complete -c kpod -n '__kpod_can start --all' -l all -d 'All containers that were created or have ended'
complete -c kpod -n '__kpod_can start -l --latest' -s l -l latest -d 'The container that was made last, of those that were created or have ended'
complete -c kpod -n '__kpod_can start --pod' -l pod -d 'The containers of this pod' -x -k -a '(__kpod_ask "start --pod")'
complete -c kpod -n '__kpod_can start' -l label -d 'Those that have this label (repeatable)' -x
complete -c kpod -n '__kpod_can start' -s f -l filter -d 'Those that fit, by the filters of kpod ps (repeatable)' -x -k -a '(__kpod_filters "start --filter")'
complete -c kpod -n '__kpod_at start 0 more' -k -a '(__kpod_ask start)'

complete -c kpod -n '__kpod_can stop -t --timeout' -s t -l timeout -d 'How long a container may take before it is killed; 0 kills at once; else what it was made with, or 10' -x
complete -c kpod -n '__kpod_can stop -a --all' -s a -l all -d 'All containers that run'
complete -c kpod -n '__kpod_can stop -l --latest' -s l -l latest -d 'The container that was made last, of those that run'
complete -c kpod -n '__kpod_can stop --pod' -l pod -d 'The containers of this pod' -x -k -a '(__kpod_ask "stop --pod")'
complete -c kpod -n '__kpod_can stop' -l label -d 'Those that have this label (repeatable)' -x
complete -c kpod -n '__kpod_can stop' -s f -l filter -d 'Those that fit, by the filters of kpod ps (repeatable)' -x -k -a '(__kpod_filters "stop --filter")'
complete -c kpod -n '__kpod_at stop 0 more' -k -a '(__kpod_ask stop)'

complete -c kpod -n '__kpod_can restart -t --time' -s t -l time -d 'How long a container may take before it is killed; 0 kills at once; else what it was made with, or 10' -x
complete -c kpod -n '__kpod_can restart --force' -l force -d 'Start also a container of a CRI-O that runs, which will not see that'
complete -c kpod -n '__kpod_can restart -a --all' -s a -l all -d 'All containers that run'
complete -c kpod -n '__kpod_can restart -l --latest' -s l -l latest -d 'The container that was made last, of those that run'
complete -c kpod -n '__kpod_can restart --pod' -l pod -d 'The containers of this pod' -x -k -a '(__kpod_ask "restart --pod")'
complete -c kpod -n '__kpod_can restart' -l label -d 'Those that have this label (repeatable)' -x
complete -c kpod -n '__kpod_can restart' -s f -l filter -d 'Those that fit, by the filters of kpod ps (repeatable)' -x -k -a '(__kpod_filters "restart --filter")'
complete -c kpod -n '__kpod_at restart 0 more' -k -a '(__kpod_ask restart)'

complete -c kpod -n '__kpod_can kill -s --signal' -s s -l signal -d 'Signal to send, by name or number' -x -k -a 'TERM KILL HUP INT QUIT USR1 USR2 STOP CONT ABRT ALRM WINCH BUS CHLD FPE ILL IO PIPE PROF PWR SEGV STKFLT SYS TRAP TSTP TTIN TTOU URG VTALRM XCPU XFSZ RTMIN RTMAX'
complete -c kpod -n '__kpod_can kill -a --all' -s a -l all -d 'All containers that run or are paused'
complete -c kpod -n '__kpod_can kill -l --latest' -s l -l latest -d 'The container that was made last, of those that run or are paused'
complete -c kpod -n '__kpod_can kill --pod' -l pod -d 'The containers of this pod' -x -k -a '(__kpod_ask "kill --pod")'
complete -c kpod -n '__kpod_can kill' -l label -d 'Those that have this label (repeatable)' -x
complete -c kpod -n '__kpod_can kill' -s f -l filter -d 'Those that fit, by the filters of kpod ps (repeatable)' -x -k -a '(__kpod_filters "kill --filter")'
complete -c kpod -n '__kpod_at kill 0 more' -k -a '(__kpod_ask kill)'

complete -c kpod -n '__kpod_can pause -a --all' -s a -l all -d 'All containers that run'
complete -c kpod -n '__kpod_can pause -l --latest' -s l -l latest -d 'The container that was made last, of those that run'
complete -c kpod -n '__kpod_can pause --pod' -l pod -d 'The containers of this pod' -x -k -a '(__kpod_ask "pause --pod")'
complete -c kpod -n '__kpod_can pause' -l label -d 'Those that have this label (repeatable)' -x
complete -c kpod -n '__kpod_can pause' -s f -l filter -d 'Those that fit, by the filters of kpod ps (repeatable)' -x -k -a '(__kpod_filters "pause --filter")'
complete -c kpod -n '__kpod_at pause 0 more' -k -a '(__kpod_ask pause)'

complete -c kpod -n '__kpod_can update -m --memory' -s m -l memory -d 'Memory: bytes, or with k, m, g; -1 for no limit' -x
complete -c kpod -n '__kpod_can update --memory-swap' -l memory-swap -d 'Memory and swap together, likewise' -x
complete -c kpod -n '__kpod_can update --cpus' -l cpus -d 'Processors, as 1.5; 0 for no limit' -x
complete -c kpod -n '__kpod_can update -c --cpu-shares' -s c -l cpu-shares -d 'Weight beside others, 1024 being the usual one' -x
complete -c kpod -n '__kpod_can update --cpuset-cpus' -l cpuset-cpus -d 'Processors to run on, as 0-3,7' -x
complete -c kpod -n '__kpod_can update --pids-limit' -l pids-limit -d 'Processes and threads; -1 for no limit' -x
complete -c kpod -n '__kpod_at update 0 more' -k -a '(__kpod_ask update)'

complete -c kpod -n '__kpod_can unpause -a --all' -s a -l all -d 'All containers that are paused'
complete -c kpod -n '__kpod_can unpause -l --latest' -s l -l latest -d 'The container that was made last, of those that are paused'
complete -c kpod -n '__kpod_can unpause --pod' -l pod -d 'The containers of this pod' -x -k -a '(__kpod_ask "unpause --pod")'
complete -c kpod -n '__kpod_can unpause' -l label -d 'Those that have this label (repeatable)' -x
complete -c kpod -n '__kpod_can unpause' -s f -l filter -d 'Those that fit, by the filters of kpod ps (repeatable)' -x -k -a '(__kpod_filters "unpause --filter")'
complete -c kpod -n '__kpod_at unpause 0 more' -k -a '(__kpod_ask unpause)'

complete -c kpod -n '__kpod_can checkpoint -e --export' -s e -l export -d 'Write an archive, for this node or another one, in the place of keeping the checkpoint with the container' -r -F
complete -c kpod -n '__kpod_can checkpoint -R --leave-running' -s R -l leave-running -d 'Let it run on'
complete -c kpod -n '__kpod_can checkpoint --tcp-established' -l tcp-established -d 'Also where it has connections of TCP, which are kept'
complete -c kpod -n '__kpod_at checkpoint 0 more' -k -a '(__kpod_ask checkpoint)'

complete -c kpod -n '__kpod_can restore -i --import' -s i -l import -d 'Make a new container of an archive that kpod-checkpoint(1), the kubelet or crictl has made' -r -F
complete -c kpod -n '__kpod_can restore --pod' -l pod -d 'The pod that it is restored in; one of its own where left out' -x -k -a '(__kpod_ask "restore --pod")'
complete -c kpod -n '__kpod_can restore -n --name' -s n -l name -d 'Its name, in the place of the one that it had' -x
complete -c kpod -n '__kpod_can restore --pull' -l pull -d 'When to pull the image of an archive: always, missing (not in the store) or never; missing where left out' -x -k -a 'always missing never'
complete -c kpod -n '__kpod_can restore --network' -l network -d 'Network of the new pod: cni, the one that CRI-O takes; host; none; or CNI networks by their names with commas between; by default cni where one is configured, else none' -x -k -a '(__kpod_ask "restore --network")'
complete -c kpod -n '__kpod_can restore' -s p -l publish -d 'Have a port of the host, or a range as 8000-8009, lead to one of the new pod; PROTOCOL is tcp, udp or sctp (repeatable)' -x
complete -c kpod -n '__kpod_can restore' -l ip -d 'Address of the new pod, one of IPv4 and of IPv6 (repeatable)' -x
complete -c kpod -n '__kpod_can restore --mac' -l mac -d 'MAC address of the new pod' -x
complete -c kpod -n '__kpod_can restore' -l dns -d 'DNS server of the new pod instead of the host\'s (repeatable)' -x
complete -c kpod -n '__kpod_can restore' -l dns-search -d 'Domain in which it looks for names (repeatable)' -x
complete -c kpod -n '__kpod_can restore' -l dns-option -d 'Option of its resolv.conf (repeatable)' -x
complete -c kpod -n '__kpod_can restore' -l add-host -d 'Name and address for the /etc/hosts of the new pod (repeatable)' -x
complete -c kpod -n '__kpod_can restore' -l sysctl -d 'Setting of the kernel for the namespaces of the new pod (repeatable)' -x
complete -c kpod -n '__kpod_can restore --tcp-established' -l tcp-established -d 'Restore its connections of TCP'
complete -c kpod -n '__kpod_can restore --force' -l force -d 'Restore also in a pod of a CRI-O that runs, which will not see that'
complete -c kpod -n '__kpod_at restore 0 more' -k -a '(__kpod_ask restore)'

complete -c kpod -n '__kpod_can wait --condition' -l condition -d 'What to wait for: running, paused or stopped' -x -k -a 'running paused stopped'
complete -c kpod -n '__kpod_can wait --timeout' -l timeout -d 'Give up after so many seconds; without it wait for ever' -x
complete -c kpod -n '__kpod_can wait -a --all' -s a -l all -d 'All containers that have not ended'
complete -c kpod -n '__kpod_can wait -l --latest' -s l -l latest -d 'The container that was made last, whatever its state'
complete -c kpod -n '__kpod_can wait --pod' -l pod -d 'The containers of this pod' -x -k -a '(__kpod_ask "wait --pod")'
complete -c kpod -n '__kpod_can wait' -l label -d 'Those that have this label (repeatable)' -x
complete -c kpod -n '__kpod_can wait' -s f -l filter -d 'Those that fit, by the filters of kpod ps (repeatable)' -x -k -a '(__kpod_filters "wait --filter")'
complete -c kpod -n '__kpod_at wait 0 more' -k -a '(__kpod_ask wait)'

complete -c kpod -n '__kpod_at rename 0' -k -a '(__kpod_ask rename)'

complete -c kpod -n '__kpod_can rm -f --force' -s f -l force -d 'Remove running containers too, and what is only half there'
complete -c kpod -n '__kpod_can rm -a --all' -s a -l all -d 'All containers that have ended or were never started, with --force all'
complete -c kpod -n '__kpod_can rm -l --latest' -s l -l latest -d 'The container that was made last, of those that have ended or were never started, with --force all'
complete -c kpod -n '__kpod_can rm --pod' -l pod -d 'The containers of this pod' -x -k -a '(__kpod_ask "rm --pod")'
complete -c kpod -n '__kpod_can rm' -l label -d 'Those that have this label (repeatable)' -x
complete -c kpod -n '__kpod_can rm' -l filter -d 'Those that fit, by the filters of kpod ps (repeatable)' -x -k -a '(__kpod_filters "rm --filter")'
complete -c kpod -n '__kpod_at rm 0 more' -k -a '(__kpod_ask rm)'

complete -c kpod -n '__kpod_can cp -a --archive' -s a -l archive -d 'Keep owners, and the rights that programs have by them; copy devices'
complete -c kpod -n '__kpod_can cp -L --follow-link' -s L -l follow-link -d 'Copy what SRC leads to, where it is a symbolic link'
complete -c kpod -n '__kpod_at cp 0' -k -a '(__kpod_paths cp)'
complete -c kpod -n '__kpod_at cp 0; and not __kpod_in_container' -F
complete -c kpod -n '__kpod_at cp 1 more' -k -a '(__kpod_paths cp)'
complete -c kpod -n '__kpod_at cp 1 more; and not __kpod_in_container' -F

complete -c kpod -n '__kpod_can mount --format' -l format -d 'Print JSON' -x -k -a json
complete -c kpod -n '__kpod_can mount --no-trunc' -l no-trunc -d 'Print ids in full'
complete -c kpod -n '__kpod_can mount --label' -l label -d 'SELinux label of the mount, instead of the container\'s own' -x
complete -c kpod -n '__kpod_at mount 0 more' -k -a '(__kpod_ask mount)'

complete -c kpod -n '__kpod_can umount -f --force' -s f -l force -d 'Unmount it for all who have it mounted, be it of a container that runs'
complete -c kpod -n '__kpod_at umount 0 more' -k -a '(__kpod_ask umount)'

complete -c kpod -n '__kpod_can "pod ps"' -s f -l filter -d 'Show those that fit: id, label, name, namespace, network or state; KEY!=VALUE negates' -x -k -a '(__kpod_filters "pod ps --filter")'
complete -c kpod -n '__kpod_can "pod ps" --network' -l network -d 'Add a column with the networks of the pods'
complete -c kpod -n '__kpod_can "pod ps" --sort' -l sort -d 'Sort by created, which is newest first, id, name, namespace or state' -x -k -a 'created id name namespace state'
complete -c kpod -n '__kpod_can "pod ps" -q --quiet' -s q -l quiet -d 'Print the ids only'
complete -c kpod -n '__kpod_can "pod ps" --no-trunc' -l no-trunc -d 'Print ids and names in full'
complete -c kpod -n '__kpod_can "pod ps" --noheading' -l noheading -d 'Leave the line of headings out'
complete -c kpod -n '__kpod_can "pod ps" --format' -l format -d 'Print json, or what a template of Go makes of each pod' -x -k -a '(__kpod_fields ID Name KubeName Namespace UID Attempt State CreatedAt Created Labels InfraContainerID NumberOfContainers Running Containers Networks)'

complete -c kpod -n '__kpod_can "pod run" --name' -l name -d 'Name of the pod' -x
complete -c kpod -n '__kpod_can "pod run" -n --namespace' -s n -l namespace -d 'Kubernetes namespace of the pod' -x -k -a '(__kpod_ask "pod run --namespace")'
complete -c kpod -n '__kpod_can "pod run"' -s l -l label -d 'Label of the pod (repeatable)' -x
complete -c kpod -n '__kpod_can "pod run" --hostname' -l hostname -d 'Host name of the pod' -x
complete -c kpod -n '__kpod_can "pod run"' -l annotation -d 'Annotation of the pod (repeatable)' -x
complete -c kpod -n '__kpod_can "pod run" --privileged' -l privileged -d 'May have containers with the rights of the host'
complete -c kpod -n '__kpod_can "pod run" --userns' -l userns -d 'Users: host, those of the node; auto[:size=N], some of its own; or which, as INSIDE:NODE:SIZE with commas between' -x -k -a 'auto host'
complete -c kpod -n '__kpod_can "pod run" --network' -l network -d 'Network of the new pod: cni, the one that CRI-O takes; host; none; or CNI networks by their names with commas between; by default cni where one is configured, else none' -x -k -a '(__kpod_ask "pod run --network")'
complete -c kpod -n '__kpod_can "pod run"' -s p -l publish -d 'Have a port of the host, or a range as 8000-8009, lead to one of the new pod; PROTOCOL is tcp, udp or sctp (repeatable)' -x
complete -c kpod -n '__kpod_can "pod run"' -l ip -d 'Address of the new pod, one of IPv4 and of IPv6 (repeatable)' -x
complete -c kpod -n '__kpod_can "pod run" --mac' -l mac -d 'MAC address of the new pod' -x
complete -c kpod -n '__kpod_can "pod run"' -l dns -d 'DNS server of the new pod instead of the host\'s (repeatable)' -x
complete -c kpod -n '__kpod_can "pod run"' -l dns-search -d 'Domain in which it looks for names (repeatable)' -x
complete -c kpod -n '__kpod_can "pod run"' -l dns-option -d 'Option of its resolv.conf (repeatable)' -x
complete -c kpod -n '__kpod_can "pod run"' -l add-host -d 'Name and address for the /etc/hosts of the new pod (repeatable)' -x
complete -c kpod -n '__kpod_can "pod run"' -l sysctl -d 'Setting of the kernel for the namespaces of the new pod (repeatable)' -x
complete -c kpod -n '__kpod_can "pod run" --runtime-handler' -l runtime-handler -d 'Runtime of the new pod, by its name in [crio.runtime.runtimes]' -x
complete -c kpod -n '__kpod_can "pod run" --pull' -l pull -d 'When to pull the image: always, missing (not in the store) or never' -x -k -a 'always missing never'
complete -c kpod -n '__kpod_can "pod run" --cgroup-parent' -l cgroup-parent -d 'Cgroup of the pod' -x

complete -c kpod -n '__kpod_can "pod inspect" -f --format' -s f -l format -d 'Print json, or what a template makes of each: {{.Name}}' -x -k -a '(__kpod_fields ID Name KubeName Namespace UID Attempt State Created Labels Annotations Metadata IPs NetNsPath LogDir ShmPath ResolvPath HostnamePath Hostname CgroupParent Privileged Trusted RuntimeHandler PortMappings Networks IDMappings InfraContainerID Containers)'
complete -c kpod -n '__kpod_at "pod inspect" 0 more' -k -a '(__kpod_ask "pod inspect")'

complete -c kpod -n '__kpod_can "pod stop" -t --timeout' -s t -l timeout -d 'How long a container may take before it is killed; 0 kills at once; else what it was made with, or 10' -x
complete -c kpod -n '__kpod_at "pod stop" 0 more' -k -a '(__kpod_ask "pod stop")'

complete -c kpod -n '__kpod_can "pod kill" -s --signal' -s s -l signal -d 'Signal to send, by name or number' -x -k -a 'TERM KILL HUP INT QUIT USR1 USR2 STOP CONT ABRT ALRM WINCH BUS CHLD FPE ILL IO PIPE PROF PWR SEGV STKFLT SYS TRAP TSTP TTIN TTOU URG VTALRM XCPU XFSZ RTMIN RTMAX'
complete -c kpod -n '__kpod_at "pod kill" 0 more' -k -a '(__kpod_ask "pod kill")'

complete -c kpod -n '__kpod_at "pod pause" 0 more' -k -a '(__kpod_ask "pod pause")'

complete -c kpod -n '__kpod_at "pod unpause" 0 more' -k -a '(__kpod_ask "pod unpause")'

complete -c kpod -n '__kpod_can "pod reload-network" -a --all' -s a -l all -d 'Do so for all pods that are ready and have a network of their own'
complete -c kpod -n '__kpod_at "pod reload-network" 0 more' -k -a '(__kpod_ask "pod reload-network")'

complete -c kpod -n '__kpod_can "pod rm" -f --force' -s f -l force -d 'Remove pods that run too'
complete -c kpod -n '__kpod_at "pod rm" 0 more' -k -a '(__kpod_ask "pod rm")'

complete -c kpod -n '__kpod_can port-forward' -l address -d 'Listen on this address of the node, localhost for both of IPv4 and IPv6 (repeatable); 127.0.0.1 when left out' -x -k -a '127.0.0.1 ::1 localhost 0.0.0.0 ::'
complete -c kpod -n '__kpod_at port-forward 0' -k -a '(__kpod_ask port-forward)'

complete -c kpod -n '__kpod_can "kube play"' -l configmap -d 'Further file with ConfigMaps and Secrets that the pods refer to (repeatable)' -r -F
complete -c kpod -n '__kpod_can "kube play" --network' -l network -d 'Network of the new pod: cni, the one that CRI-O takes; host; none; or CNI networks by their names with commas between; by default cni where one is configured, else none' -x -k -a '(__kpod_ask "kube play --network")'
complete -c kpod -n '__kpod_can "kube play" --runtime-handler' -l runtime-handler -d 'Runtime of the new pod, by its name in [crio.runtime.runtimes]' -x
complete -c kpod -n '__kpod_can "kube play" --pull' -l pull -d 'When to pull images, whatever imagePullPolicy says: always, missing or never; missing where the file says nothing' -x -k -a 'always missing never'
complete -c kpod -n '__kpod_can "kube play" --cgroup-parent' -l cgroup-parent -d 'Cgroup of the pods' -x
complete -c kpod -n '__kpod_at "kube play" 0 more' -F

complete -c kpod -n '__kpod_at "kube generate" 0 more' -k -a '(__kpod_ask "kube generate")'

complete -c kpod -n '__kpod_can "kube down" -f --force' -s f -l force -d 'Kill them at once, and remove them also where their network cannot be taken down'
complete -c kpod -n '__kpod_at "kube down" 0 more' -F

complete -c kpod -n '__kpod_can images -a --all' -s a -l all -d 'List all images, as it does without, too'
complete -c kpod -n '__kpod_can images --digests' -l digests -d 'Show the digests of the manifests, too'
complete -c kpod -n '__kpod_can images' -s f -l filter -d 'List those that fit: before, dangling, in-use, label, pinned, reference or since; KEY!=VALUE negates' -x -k -a '(__kpod_filters "images --filter")'
complete -c kpod -n '__kpod_can images -q --quiet' -s q -l quiet -d 'Print the ids only'
complete -c kpod -n '__kpod_can images --no-trunc' -l no-trunc -d 'Print ids and names in full'
complete -c kpod -n '__kpod_can images -n --noheading' -s n -l noheading -d 'Leave the line of headings out'
complete -c kpod -n '__kpod_can images --format' -l format -d 'Print json, or what a template of Go makes of each name of an image' -x -k -a '(__kpod_fields ID Name Repository Tag Digest Created CreatedSince CreatedAt Size)'
complete -c kpod -n '__kpod_at images 0 more' -k -a '(__kpod_ask images)'

complete -c kpod -n '__kpod_can pull -a --all-tags' -s a -l all-tags -d 'Pull every tag of the repository'
complete -c kpod -n '__kpod_can pull --creds' -l creds -d 'Credentials for the registry; the password is asked for where it is left out' -x
complete -c kpod -n '__kpod_can pull --authfile' -l authfile -d 'File with the credentials of registries' -r -F
complete -c kpod -n '__kpod_can pull --cert-dir' -l cert-dir -d 'Directory with certificates and keys for the registry' -x -a '(__fish_complete_directories (__kpod_value))'
complete -c kpod -n '__kpod_can pull --tls-verify' -l tls-verify -d 'Require TLS, and a certificate that is vouched for'
complete -c kpod -n '__kpod_can pull --signature-policy' -l signature-policy -d 'File with the rules which images are trusted, instead of signature_policy of crio.conf' -r -F
complete -c kpod -n '__kpod_can pull --platform' -l platform -d 'Platform of the image; without it the node\'s' -x
complete -c kpod -n '__kpod_can pull --policy' -l policy -d 'When to pull: always, missing (not in the store) or newer (keep the stored one on failure)' -x -k -a 'always missing newer'
complete -c kpod -n '__kpod_can pull -q --quiet' -s q -l quiet -d 'Show no progress'
complete -c kpod -n '__kpod_at pull 0 more' -k -a '(__kpod_ask pull)'

complete -c kpod -n '__kpod_can push --creds' -l creds -d 'Credentials for the registry; the password is asked for where it is left out' -x
complete -c kpod -n '__kpod_can push --authfile' -l authfile -d 'File with the credentials of registries' -r -F
complete -c kpod -n '__kpod_can push --cert-dir' -l cert-dir -d 'Directory with certificates and keys for the registry' -x -a '(__fish_complete_directories (__kpod_value))'
complete -c kpod -n '__kpod_can push --tls-verify' -l tls-verify -d 'Require TLS, and a certificate that is vouched for'
complete -c kpod -n '__kpod_can push --signature-policy' -l signature-policy -d 'File with the rules which images are trusted, instead of signature_policy of crio.conf' -r -F
complete -c kpod -n '__kpod_can push --remove-signatures' -l remove-signatures -d 'Leave out the signatures of the image'
complete -c kpod -n '__kpod_can push --sign-by' -l sign-by -d 'Fingerprint of the GPG key that signs the image' -x
complete -c kpod -n '__kpod_can push -q --quiet' -s q -l quiet -d 'Show no progress'
complete -c kpod -n '__kpod_at push 0' -k -a '(__kpod_ask push)'

complete -c kpod -n '__kpod_can load -i --input' -s i -l input -d 'Archive to read, which may be a pipe; an argument is then the NAME of the image in it' -r -F
complete -c kpod -n '__kpod_can load --tag' -l tag -d 'Name of the image in the store; without it the one in the archive' -x
complete -c kpod -n '__kpod_can load -q --quiet' -s q -l quiet -d 'Print the image\'s id only'
complete -c kpod -n '__kpod_at load 0 more' -F

complete -c kpod -n '__kpod_can save -o --output' -s o -l output -d 'Write to a file instead of standard output' -r -F
complete -c kpod -n '__kpod_can save --format' -l format -d 'Kind of archive: docker-archive or oci-archive' -x -k -a 'docker-archive oci-archive'
complete -c kpod -n '__kpod_can save -q --quiet' -s q -l quiet -d 'Show no progress'
complete -c kpod -n '__kpod_at save 0 more' -k -a '(__kpod_ask save)'

complete -c kpod -n '__kpod_can rmi -a --all --prune' -s a -l all -d 'Remove all images; without -f those stay that containers use'
complete -c kpod -n '__kpod_can rmi -f --force --prune' -s f -l force -d 'Remove images also that containers use or that have several names'
complete -c kpod -n '__kpod_can rmi -a --all -f --force --prune' -l prune -d 'Remove the images that no container uses; pinned ones and the pause image stay'
complete -c kpod -n '__kpod_at rmi 0 more' -k -a '(__kpod_ask rmi)'

complete -c kpod -n '__kpod_at tag 0' -k -a '(__kpod_ask tag)'

complete -c kpod -n '__kpod_at untag 0 more' -k -a '(__kpod_ask untag)'

complete -c kpod -n '__kpod_can history -H --human' -s H -l human -d 'Print sizes and times for people; --human=false prints bytes and dates'
complete -c kpod -n '__kpod_can history --no-trunc' -l no-trunc -d 'Print ids and instructions in full'
complete -c kpod -n '__kpod_can history -q --quiet' -s q -l quiet -d 'Print the image\'s id only'
complete -c kpod -n '__kpod_can history --format' -l format -d 'Print json, or what a template of Go makes of each step' -x -k -a '(__kpod_fields ID Created CreatedAt CreatedSince CreatedBy Size Comment)'
complete -c kpod -n '__kpod_at history 0 more' -k -a '(__kpod_ask history)'

complete -c kpod -n '__kpod_can login -u --username' -s u -l username -d 'User name; without it you are asked' -x
complete -c kpod -n '__kpod_can login -p --password --password-stdin' -s p -l password -d 'Password, for every user of the node to see; without it you are asked' -x
complete -c kpod -n '__kpod_can login -p --password --password-stdin' -l password-stdin -d 'Read the password from standard input'
complete -c kpod -n '__kpod_can login --get-login' -l get-login -d 'Print the user that is logged in, and do nothing else'
complete -c kpod -n '__kpod_can login --authfile' -l authfile -d 'File with the credentials of registries' -r -F
complete -c kpod -n '__kpod_can login --cert-dir' -l cert-dir -d 'Directory with certificates and keys for the registry' -x -a '(__fish_complete_directories (__kpod_value))'
complete -c kpod -n '__kpod_can login --tls-verify' -l tls-verify -d 'Require TLS, and a certificate that is vouched for'

complete -c kpod -n '__kpod_can logout -a --all' -s a -l all -d 'Remove those for all registries'
complete -c kpod -n '__kpod_can logout --authfile' -l authfile -d 'File with the credentials of registries' -r -F

complete -c kpod -n '__kpod_can info -D --debug' -s D -l debug -d 'Show what made and runs this program, too'
complete -c kpod -n '__kpod_can info --format' -l format -d 'Print json, or what a template of Go makes of it: {{.Store.Root}}; YAML without it' -x -k -a '(__kpod_fields Host Store Runtimes CrioVersion CrioVersionSource Config)'

complete -c kpod -n '__kpod_can "system df" -v --verbose' -s v -l verbose -d 'Show each image, container, log and so on, with what its removal would free'
complete -c kpod -n '__kpod_can "system df" --format' -l format -d 'Print json, or what a template of Go makes of each line' -x -k -a '(__kpod_fields Type TotalCount Active Size Reclaimable ID Name Path Shared Frees)'
complete -c kpod -n '__kpod_can "system df" --no-trunc' -l no-trunc -d 'Print ids and names in full'
complete -c kpod -n '__kpod_can "system df" --noheading' -l noheading -d 'Leave the line of headings out'

complete -c kpod -n '__kpod_can "system prune" -a --all' -s a -l all -d 'Remove also images that have names, where nothing uses them'
complete -c kpod -n '__kpod_can "system prune"' -l filter -d 'Remove only what came about before a time: until=24h' -x -k -a '(__kpod_filters "system prune --filter")'
complete -c kpod -n '__kpod_can "system prune" -n --dry-run -y --yes' -s n -l dry-run -d 'Show what would be removed, and remove nothing'
complete -c kpod -n '__kpod_can "system prune" -n --dry-run -y --yes' -s y -l yes -d 'Do not ask'

complete -c kpod -n '__kpod_can doctor --quick' -l quick -d 'Look once, and leave out what takes more than a second'
complete -c kpod -n '__kpod_can doctor --format' -l format -d 'Print table, json, npd (a line for node-problem-detector) or prom (metrics for Prometheus)' -x -k -a 'table json npd prom'
complete -c kpod -n '__kpod_can doctor -o --output' -s o -l output -d 'Write to a file, which is replaced as a whole' -r -F
complete -c kpod -n '__kpod_can doctor --since' -l since -d 'Leave out what is known to have come about before a time (2006-01-02T15:04) or longer ago (24h)' -x
complete -c kpod -n '__kpod_can doctor --min-age' -l min-age -d 'Tell only what has been so for this time: 10m (default: 5m, and 24h of layers)' -x
complete -c kpod -n '__kpod_can doctor --mend' -l mend -d 'Mend what was found, or what is named of it'
complete -c kpod -n '__kpod_can doctor -n --dry-run -y --yes' -s n -l dry-run -d 'With --mend: show what would be done, and do nothing'
complete -c kpod -n '__kpod_can doctor -n --dry-run -y --yes' -s y -l yes -d 'With --mend: do not ask'
complete -c kpod -n '__kpod_can doctor --live' -l live -d 'Judge processes, mounts and cgroups also with --root'
complete -c kpod -n '__kpod_at doctor 0 more' -k -a 'cgroup.frozen cgroup.left cgroup.oom cgroup.pids-limit crio.hung crio.relabel-slow disk.images disk.logs disk.pod-volumes doctor.unfinished image.pull-stuck net.config net.hostport-stale net.lease-leaked ns.pin-invalid ns.pin-left ns.pin-shadowed proc.debug-left proc.dstate proc.exec-piled proc.hostpid-orphan proc.monitor-dead proc.monitor-orphan proc.scope-left proc.state-stale run.full storage.config-conflict storage.image-broken storage.layer-incomplete storage.layer-lost storage.layer-unknown storage.layer-unowned storage.link-lost storage.lock-held storage.mount-held-elsewhere storage.mount-leaked storage.name-held storage.record-corrupt storage.temp-left storage.wipe-ahead system.clock-boot system.limits system.mount-namespace'

complete -c kpod -n '__kpod_can "doctor undo" -y --yes' -s y -l yes -d 'Do not ask'

complete -c kpod -n '__kpod_can "doctor history" --noheading' -l noheading -d 'Leave the line of headings out'

complete -c kpod -n '__kpod_can report -o --output' -s o -l output -d 'Write to this file, - for standard output; kpod-report-NODE-TIME.tar.gz without it' -r -F
complete -c kpod -n '__kpod_can report --max-size' -l max-size -d 'Bytes of all files together, before they are compressed' -x

complete -c kpod -n '__kpod_at help 0 more' -a '(__kpod_read; __kpod_next)'

complete -c kpod -n '__kpod_at "state save" 0 more' -F

complete -c kpod -n '__kpod_can "state diff" --format' -l format -d 'Print table or json' -x -k -a 'table json'
complete -c kpod -n '__kpod_can "state diff" --no-trunc' -l no-trunc -d 'Print ids in full, and each layer'
complete -c kpod -n '__kpod_at "state diff" 0' -F
complete -c kpod -n '__kpod_at "state diff" 1 more' -F

complete -c kpod -n '__kpod_can version --format' -l format -d 'Print json, or what a template of Go makes of it: {{.Version}}' -x -k -a '(__kpod_fields Version Engine Node OS Arch OsArch)'

complete -c kpod -n '__kpod_at completion 0 more' -k -a 'bash zsh fish'

complete -c kpod -n '__kpod_can "network ls" -q --quiet' -s q -l quiet -d 'Print the names alone'
complete -c kpod -n '__kpod_can "network ls" --format' -l format -d 'Print json, or what a template of Go makes of each network' -x -k -a '(__kpod_fields Name Status CNI Plugins Subnets Used Free File Why)'
complete -c kpod -n '__kpod_can "network ls" --noheading' -l noheading -d 'Leave the line of headings out'

complete -c kpod -n '__kpod_can "network inspect" -f --format' -s f -l format -d 'Print json, or what a template makes of each: {{.Name}}' -x -k -a '(__kpod_fields Name File Default CNIVersion DisableCheck Plugins Subnets LeaseDirectory Pods Leases Leaks)'
complete -c kpod -n '__kpod_at "network inspect" 0 more' -k -a '(__kpod_ask "network inspect")'

complete -c kpod -n '__kpod_can "network check" --format' -l format -d 'Print a line each, or JSON' -x -k -a 'text json'
complete -c kpod -n '__kpod_at "network check" 0 more' -k -a '(__kpod_ask "network check")'

complete -c kpod -n '__kpod_can "*" --config' -l config -d 'Configuration file instead of /etc/crio/crio.conf and its drop-ins' -r -F
complete -c kpod -n '__kpod_can "*" --config; and __kpod_letter_is_free c' -s c -d 'Configuration file instead of /etc/crio/crio.conf and its drop-ins' -r -F
complete -c kpod -n '__kpod_can "*" --log-level' -l log-level -d 'Messages on stderr: debug, info, warn, error, fatal or panic' -x -k -a 'debug info warn error fatal panic'
complete -c kpod -n '__kpod_can "*" --root' -l root -d 'Directory of the store of images and containers' -x -a '(__fish_complete_directories (__kpod_value))'
complete -c kpod -n '__kpod_can "*" --runroot' -l runroot -d 'Directory of the store\'s state, which a reboot clears' -x -a '(__fish_complete_directories (__kpod_value))'
complete -c kpod -n '__kpod_can "*" --storage-driver' -l storage-driver -d 'Graph driver of the store' -x -k -a 'overlay vfs'
complete -c kpod -n '__kpod_can "*" --storage-driver; and __kpod_letter_is_free s' -s s -d 'Graph driver of the store' -x -k -a 'overlay vfs'
complete -c kpod -n '__kpod_can "*"' -l storage-opt -d 'Option of the graph driver (repeatable)' -x
complete -c kpod -n '__kpod_can "*" --log-dir' -l log-dir -d 'Directory of logs that were moved, or whose paths are another machine\'s' -x -a '(__fish_complete_directories (__kpod_value))'
complete -c kpod -n '__kpod_can "*" --host' -l host -d 'Run this on another node, by ssh: node, user@node or ssh://user@node:port' -x
complete -c kpod -n '__kpod_can "*" --host-root' -l host-root -d 'Look at a node that is mounted below this directory, with its /proc and /sys' -x -a '(__fish_complete_directories (__kpod_value))'
complete -c kpod -n '__kpod_can "*" --runtime' -l runtime -d 'OCI runtime' -r -F
complete -c kpod -n '__kpod_can "*" --lock-timeout' -l lock-timeout -d 'Wait so long for locks that others hold, in all; 0 for ever (default: 1 for looks, 30 for changes)' -x
complete -c kpod -n '__kpod_can "*" --help' -l help -d 'Show help'
complete -c kpod -n '__kpod_can "*" --help; and __kpod_letter_is_free h' -s h -d 'Show help'
complete -c kpod -n '__kpod_can "*" --version' -l version -d 'Show the version'
complete -c kpod -n '__kpod_can "*" --version; and __kpod_letter_is_free v' -s v -d 'Show the version'
