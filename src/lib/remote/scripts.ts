/**
 * What the shell of another node is told. ssh joins its words into one text for that shell, so that they are quoted for
 * it; the words of the user are arguments of a script and never a part of it.
 */

/** The exit code by which the script says that it has found no kpod; a command in a container may end with it, too. */
export const noKpodCode = 231;

/** A word as a POSIX shell reads it back unchanged. */
export function shellWord(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The text that has a shell run a script with arguments. */
export function shellCommand(script: string, words: readonly string[]): string {
  return ["exec", "sh", "-c", script, "kpod", ...words]
    .map((word, index) => (index < 3 ? word : shellWord(word)))
    .join(" ");
}

// A shell without a login knows few directories.
const findKpod = `
for k in "$(command -v kpod)" /usr/local/bin/kpod /usr/bin/kpod /opt/bin/kpod; do
  [ -x "$k" ] && break
  k=
done`;

const asRoot = (sudo: string) => `
s=
[ "$(id -u)" = 0 ] || s="${sudo}"`;

/** On a terminal Ctrl-C, its size and its end reach kpod by the terminal; the shell stays until kpod has ended. */
const onTerminal = `${asRoot("sudo --")}
trap : HUP INT QUIT TERM
$s "$k" "$@"
c=$?`;

/**
 * Without one, the ssh server tells nobody that the connection has ended: a kpod that follows a log would go on for
 * ever. So somebody looks whether the server's process is still there.
 */
const onPipes = `${asRoot("sudo -n --")}
exec 3<&0
$s "$k" "$@" <&3 3<&- &
p=$!
exec 3<&-
(
  while kill -0 "$PPID"; do sleep 1; done
  $s kill "$p"
) </dev/null >/dev/null 2>&1 &
w=$!
wait "$p"
c=$?
kill "$w"`;

const runIt = (terminal: boolean) => (terminal ? onTerminal : onPipes);

/** Runs the kpod of the node with the script's arguments; ends with {@link noKpodCode} where there is none. */
export function runInstalled(terminal: boolean): string {
  return `${findKpod}
[ -n "$k" ] || exit ${noKpodCode}${runIt(terminal)}
exit "$c"`;
}

/** Runs the kpod in a directory, the first argument, with the others, and removes the directory. */
export function runCarried(terminal: boolean): string {
  return `
d=$1.run
mv -- "$1" "$d" 2>/dev/null || { echo "the executable that was carried there is there no more: call it again" >&2; exit 1; }
shift
k=$d/kpod${runIt(terminal)}
rm -rf -- "$d"
exit "$c"`;
}

/** Tells the machine of the node, and whether kpod is there. Whatever a shell prints at its start is passed over. */
export const probe = `${findKpod}
echo "kpod-machine=$(uname -m)"
[ -z "$k" ] || echo "kpod-found=$k"`;

/**
 * Writes what comes in, so many bytes as the first argument says, into a directory with room for it from which programs
 * may be started. What was cut off has another size. Where nobody runs it within the seconds of the second argument, for
 * the caller was ended or has lost the node, it is removed; who runs it gives its directory another name, so that one of
 * the two has it.
 */
export const receive = `
umask 077
n=$(($1 / 1024 + 1))
for t in "\${TMPDIR:-/tmp}" /var/tmp /run "$HOME"; do
  d=$(mktemp -d "$t/kpod-XXXXXXXXXX" 2>/dev/null) || continue
  f=$(df -Pk -- "$d" 2>/dev/null | { read -r _; read -r _ _ _ f _ && echo "$f"; })
  [ "\${f:-$n}" -ge "$n" ] && printf '#!/bin/sh\\n' >"$d/kpod" && chmod 700 "$d/kpod" && "$d/kpod" 2>/dev/null && break
  rm -rf -- "$d"
  d=
done
[ -n "$d" ] || { echo "no directory there takes a program of $n KiB: /tmp, /var/tmp, /run and the home" >&2; exit 1; }
trap 'rm -rf -- "$d"; exit 1' HUP INT TERM PIPE
cat >"$d/kpod" && [ "$(wc -c <"$d/kpod")" -eq "$1" ] || {
  rm -rf -- "$d"
  echo "it did not arrive whole: is there room in $t?" >&2
  exit 1
}
"$d/kpod" --version >/dev/null || { rm -rf -- "$d"; echo "it does not run there: it takes glibc 2.17 or newer, on x64 a processor with AVX2" >&2; exit 1; }
(
  trap - HUP INT TERM PIPE
  i=0
  while [ -d "$d" ] && [ "$i" -lt "$2" ]; do sleep 1; i=$((i + 1)); done
  mv -- "$d" "$d.old" && rm -rf -- "$d.old"
) </dev/null >/dev/null 2>&1 &
echo "kpod-directory=$d"`;

/** What a script told as `kpod-NAME=VALUE`, undefined where it did not. */
export function toldValue(output: string, name: string): string | undefined {
  return new RegExp(`^kpod-${name}=(.*)$`, "m").exec(output)?.[1];
}
