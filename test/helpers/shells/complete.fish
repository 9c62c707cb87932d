# fish complete.fish SCRIPT LINE...: prints what the script offers at the end of each line, with the description
# after a tab, and ends each answer with "=".
source $argv[1]
for line in $argv[2..]
    complete -C $line
    echo =
end
