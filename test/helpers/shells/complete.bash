# bash complete.bash SCRIPT LINE...: prints what the script offers at the end of each line, and ends each answer
# with "=".
source "$1"
for line in "${@:2}"; do
    COMP_LINE=$line COMP_POINT=${#line} COMP_TYPE=9
    # What readline does for a command that has a completion.
    spec=$(complete -p kpod)
    COMPREPLY=()
    "$(sed -n 's/.*-F \([^ ]*\) .*/\1/p' <<<"$spec")" kpod
    (( ${#COMPREPLY[@]} == 0 )) || printf '%s\n' "${COMPREPLY[@]}"
    echo =
done
