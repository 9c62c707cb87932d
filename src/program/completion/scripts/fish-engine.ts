import { script } from "./shell-text";

/** The part of the fish script that is the same whatever the commands are. */
export const fishEngine = script`
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
`;
