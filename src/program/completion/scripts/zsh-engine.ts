import { script } from "./shell-text";

/** The part of the zsh script that is the same whatever the commands are. */
export const zshEngine = script`
# Collects the global flags with a value among the words before the cursor, to go with each question to kpod.
# Those before the command end at the first argument.
__kpod_collect() {
    local word flag
    local -i at
    for ((at = 2; at < CURRENT; at++)); do
        word=\${(Q)words[at]}
        case $word in
            (--*=*) flag=\${\${word%%=*}#--} word=\${word#*=} ;;
            (--?*) flag=\${word#--} word=\${(Q)words[at + 1]} ;;
            (-?*) flag=\${letters[\${word[2]}]} word=\${word[3,-1]#=}
                [[ -n $word ]] || word=\${(Q)words[at + 1]} ;;
            (*) [[ $1 == after ]] && continue || return 0 ;;
        esac
        (( \${__kpod_valued[(Ie)$flag]} )) || continue
        [[ $words[at] == *=* || $words[at] == -[^-]?* ]] || (( ++at < CURRENT )) || return 0
        __kpod_globals+=("--$flag=\${word/#\~\//$HOME/}")
    done
}

# Asks kpod for names; it answers from the records on disk.
__kpod_ask() {
    local -a names shown begun shown_begun
    local line name
    local -i width ret=1
    local -A about
    for line in "\${(@f)$("\${(Q)__kpod_program/#\~\//$HOME/}" "$__kpod_globals[@]" __complete "$1" "\${(Q)PREFIX}" 2>/dev/null)}"; do
        name=\${line%%$'\t'*}
        # What is an argument already is not offered again.
        [[ -n $name ]] && (( ! \${words[(Ie)$name]} )) || continue
        names+=("$name") about[$name]=\${line#*$'\t'}
        (( width >= $#name )) || width=$#name
    done
    for name in "$names[@]"; do
        line="\${(r:width:)name}  -- $about[$name]"
        # Behind a directory, or a container, the word goes on.
        if [[ $name == *[/:] ]]; then
            begun+=("$name") shown_begun+=("\${line[1,COLUMNS-1]}")
        else
            shown+=("\${line[1,COLUMNS-1]}")
        fi
    done
    names=("\${(@)names:#*[/:]}")
    _wanted -V kpod-begun expl name compadd -S '' -l -d shown_begun -a begun && ret=0
    _wanted -V kpod-names expl name compadd -l -d shown -a names && ret=0
    return ret
}

# Offers paths of containers and, where the value can be one, of the node.
__kpod_paths() {
    local -i ret=1
    [[ $PREFIX == [/.~]* ]] || { __kpod_ask "$1" && ret=0 }
    [[ $PREFIX == [^/.~:]*:* ]] || { _files && ret=0 }
    return ret
}

# Offers words, those that come first first.
__kpod_words() {
    local -a offered=("$@")
    _wanted -V kpod-words expl value compadd -a offered
}

# Offers json and templates of these fields, or within a template its fields.
__kpod_fields() {
    local open='{{.' close='}}'
    if compset -P '*[{][{](|[^}]#[^A-Za-z})]).'; then
        compadd -S '' -- "\${^@}$close"
    else
        compadd -S '' -- json "$open\${^@}$close"
    fi
}

# Offers the keys of the filters of a flag, or what their values can be.
__kpod_filters() {
    compset -P '*,'
    if [[ $PREFIX == *=* ]]; then
        local key=\${\${PREFIX%%=*}%!}
        compset -P '*='
        __kpod_filter "$1 $key"
    else
        __kpod_keys "$1"
    fi
}

# Offers the words of commands.
__kpod_command() {
    __kpod_next "\${(j: :)words[2,CURRENT-1]}"
}

# Completes what follows the words of COMMAND; they may not be all yet.
__kpod_level() {
    local command=$1
    local -a specs taken
    local -A letters
    local -i pass_through
    if (( ! \${__kpod_families[(Ie)$command]} )); then
        __kpod_specs "$command"
        __kpod_global_specs
        __kpod_collect after
        if (( pass_through )); then
            _arguments -s -S -A '-*' : "$specs[@]"
        else
            _arguments -s -S : "$specs[@]"
        fi
        return
    fi
    local curcontext=$curcontext context state state_descr line ret=1
    local -A opt_args
    # Some are commands themselves, too; what their first argument can be is offered beside the words.
    __kpod_specs "$command"
    local argument=\${\${(M)specs:#'*: :'*}#'*: :'}
    specs=("\${(@)specs:#'*: :'*}")
    __kpod_global_specs
    __kpod_collect before
    _arguments -C -s -S -A '-*' : "$specs[@]" ': :->word' '*:: :->rest' && ret=0
    case $state in
        (word)
            __kpod_next "$command" && ret=0
            [[ $argument == '{'*'}' ]] && eval "\${\${argument#?}%?}" && ret=0
            ;;
        (rest) __kpod_level "\${command:+$command }\${(Q)words[1]}" && ret=0 ;;
    esac
    return ret
}

_kpod() {
    local __kpod_program=$words[1]
    local -a __kpod_globals
    __kpod_level ''
}

# Read by source it says what it completes; as a file of fpath it completes at once.
if [[ $funcstack[1] == _kpod ]]; then
    _kpod "$@"
else
    compdef _kpod kpod
fi
`;
