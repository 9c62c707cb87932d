import { script } from "./shell-text";

/** The part of the bash script that is the same whatever the commands are. */
export const bashEngine = script`
# Takes a line apart as the shell does, but expands nothing: words are those before the cursor, current is the
# one at it, strip the part of that which readline does not replace, quoted the quote that is open.
__kpod_split() {
    local line=$1 char word='' quote='' begun='' at
    words=() strip=''
    for ((at = 0; at < \${#line}; at++)); do
        char=\${line:at:1}
        if [[ -n $quote && $char == "$quote" ]]; then
            quote=''
        elif [[ $quote == "'" ]]; then
            word+=$char
        elif [[ $char == \\ ]]; then
            at=$((at + 1)) begun=1
            word+=\${line:at:1}
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
    given+=("\${bars[@]}")
}

# Notes the value of the flag: the global ones go with each question to kpod.
__kpod_note() {
    [[ -z $global ]] || globals+=("$flag=\${1/#\~\//$HOME/}")
}

# Reads the words before the cursor: the command, its arguments, and the flag whose value is at the cursor.
__kpod_read() {
    local at word ended='' rest
    for ((at = 1; at < \${#words[@]}; at++)); do
        word=\${words[at]}
        if [[ -n $ended || $word != -?* ]]; then
            if [[ -z $ended ]] && __kpod_next "$command"; then
                command+=\${command:+ }$word
            else
                args+=("$word")
                if __kpod_passes_through "$command"; then ended=1; fi
            fi
        elif [[ $word == -- ]]; then
            ended=1
        elif [[ $word == --*=* ]]; then
            __kpod_flag "\${word%%=*}"
            __kpod_note "\${word#*=}"
        else
            rest=''
            if [[ $word != --* ]]; then
                # Letters of switches may stand together, and before one with a value.
                rest=\${word:2} word=\${word:0:2}
                while __kpod_flag "$word" && [[ \${action[0]} == switch && -n $rest ]]; do
                    word=-\${rest:0:1} rest=\${rest:1}
                done
            else
                __kpod_flag "$word"
            fi
            if [[ \${action[0]} == switch ]]; then
                continue
            elif [[ -n $rest ]]; then
                __kpod_note "\${rest#=}"
            elif ((at + 1 < \${#words[@]})); then
                at=$((at + 1))
                __kpod_note "\${words[at]}"
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
        offer+=("\${line%%$'\t'*}")
    done < <("\${words[0]/#\~\//$HOME/}" "\${globals[@]}" __complete "$1" "$value" 2>/dev/null)
    compopt -o nosort 2>/dev/null
}

# Offers paths of containers and, where the value can be one, of the node.
__kpod_paths() {
    local file
    [[ $value != [/.~]* ]] && __kpod_ask "$1"
    if [[ \${#offer[@]} -eq 0 && $value != *:* ]]; then
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
    case \${action[0]} in
        words) offer=("\${action[@]:1}") ;;
        ask) __kpod_ask "\${action[1]}" ;;
        paths) __kpod_paths "\${action[1]}" ;;
        file) compopt -o default 2>/dev/null ;;
        directory) compopt -o dirnames 2>/dev/null ;;
        command) __kpod_next "\${args[*]}" ;;
        fields)
            compopt -o nospace 2>/dev/null
            offer=("\${action[@]:1}")
            offer=("\${offer[@]/%/$close}")
            if [[ $value =~ $field ]]; then
                prefix+=\${BASH_REMATCH[1]} value=\${BASH_REMATCH[3]}
            else
                offer=(json "\${offer[@]/#/$open}")
            fi
            ;;
        filters)
            prefix+=\${value%"\${value##*,}"} value=\${value##*,}
            if [[ $value == *=* ]]; then
                key=\${value%%=*}
                prefix+=$key= value=\${value#*=}
                __kpod_filter "\${action[1]}" "\${key%!}"
                __kpod_offer
            else
                __kpod_filters "\${action[1]}"
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
    __kpod_split "\${COMP_LINE:0:COMP_POINT}"
    __kpod_read
    offer=() value=$current
    if [[ -n $pending ]]; then
        __kpod_value "$command" "$pending"
        args=()
    elif [[ -z $after_flags && $current == --*=* ]]; then
        __kpod_value "$command" "\${current%%=*}"
        prefix=\${current%%=*}= value=\${current#*=} args=()
    elif [[ -z $after_flags && $current == -* ]]; then
        __kpod_flags "$command"
        action=(ready) args=("\${given[@]}")
    elif [[ -z $after_flags ]] && __kpod_next "$command"; then
        action=(ready)
    else
        __kpod_argument "$command" "\${#args[@]}"
    fi
    __kpod_offer
    for word in "\${offer[@]}"; do
        [[ $word == "$value"* ]] || continue
        # What is on the line already is not offered again.
        [[ $'\n'$(printf '%s\n' "\${args[@]}")$'\n' != *$'\n'"$word"$'\n'* ]] || continue
        word=$prefix$word
        word=\${word#"$strip"}
        # Names in a file system can have any characters.
        [[ -z $paths || -n $quoted ]] || printf -v word %q "$word"
        COMPREPLY+=("$word")
    done
    # Behind a directory, or a container, the word goes on.
    [[ -z $paths || \${#COMPREPLY[@]} -ne 1 || \${COMPREPLY[0]} != *[/:] ]] || compopt -o nospace 2>/dev/null
}

complete -F _kpod kpod
`;
