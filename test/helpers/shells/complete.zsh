# zsh complete.zsh SCRIPT LINE...: prints what the script offers at the end of each line, with what is displayed after
# a tab, and ends each answer with "=". A zsh on a pseudo-terminal completes them.
zmodload zsh/zpty zsh/zselect
export COMPLETION_SCRIPT=$1 CAPTURE=$(mktemp)
zpty shell zsh -f -i
zpty -w shell "source ${(q)0:A:h}/capture.zsh"
local output
answers() { grep -c '^=$' "$CAPTURE" }
for ((number = 1; number < $#; number++)); do
    zpty -w -n shell "${@[number + 1]}"$'\t'
    until (( $(answers) >= number )); do
        # What it draws has to be read, or it would wait.
        while zpty -r -t shell output; do :; done
        zselect -t 1
    done
done
zpty -d shell
cat "$CAPTURE"
rm "$CAPTURE"
