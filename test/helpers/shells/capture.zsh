# Read by an interactive zsh: from then on the tab key writes what is offered for the line to $CAPTURE, a match with
# its display a line, "=" after the last, and empties the line.
autoload -Uz compinit && compinit -u -D
source "$COMPLETION_SCRIPT"
zstyle ':completion:*' menu no

# Its own names begin so that they hide none of those whose arrays it is given.
compadd() {
    # The completion system's own way to try out matches.
    if [[ -n ${(M)@:#-[OAD]} ]]; then
        builtin compadd "$@"
        return
    fi
    local -a capture_hits capture_shown
    local capture_at=${@[(I)-d]} capture_name capture_suffix=''
    if (( capture_at )); then
        capture_name=${@[capture_at + 1]}
        if [[ $capture_name == \(* ]]; then
            eval "capture_shown=$capture_name"
        else
            capture_shown=("${(@P)capture_name}")
        fi
    fi
    capture_at=${@[(I)-S]}
    (( capture_at )) && capture_suffix=${@[capture_at + 1]}
    builtin compadd -A capture_hits -D capture_shown "$@"
    for ((capture_at = 1; capture_at <= $#capture_hits; capture_at++)); do
        print -r -- "$IPREFIX${(Q)capture_hits[capture_at]}$capture_suffix"$'\t'"$capture_shown[capture_at]" \
            >>"$CAPTURE"
    done
    builtin compadd "$@"
}

capture() {
    zle expand-or-complete
    print -r -- = >>"$CAPTURE"
    BUFFER=''
}
zle -N capture
bindkey -e
bindkey '^I' capture
