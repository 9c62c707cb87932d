import { constants } from "node:os";
import { signalNames } from "../../../src/program/completion/scripts/script-model";
import { parseSignal } from "../../../src/lib/oci/signals";
import { failureOf } from "../../helpers/failure";

/** The names that docker and CRI-O take on Linux, with their numbers. */
const known =
  "ABRT 6 ALRM 14 BUS 7 CHLD 17 CLD 17 CONT 18 FPE 8 HUP 1 ILL 4 INT 2 IO 29 IOT 6 KILL 9 PIPE 13 POLL 29 PROF 27 " +
  "PWR 30 QUIT 3 SEGV 11 STKFLT 16 STOP 19 SYS 31 TERM 15 TRAP 5 TSTP 20 TTIN 21 TTOU 22 UNUSED 31 URG 23 USR1 10 " +
  "USR2 12 VTALRM 26 WINCH 28 XCPU 24 XFSZ 25 RTMIN 34 RTMIN+1 35 RTMIN+15 49 RTMAX-14 50 RTMAX-1 63 RTMAX 64";

const pairs = [...known.matchAll(/(\S+) (\d+)/g)].map(
  ([, name = "", number]) => [name, Number(number)] as const,
);

test.each(pairs)("%s is signal %d, with or without SIG, in any case", (name, number) => {
  const lower = name.toLowerCase();
  const spelled = [
    name,
    `SIG${name}`,
    lower,
    `sig${lower}`,
    `Sig${lower}`,
    ` ${name} `,
    String(number),
    ` ${number}`,
  ];
  expect(spelled.map(parseSignal)).toEqual(spelled.map(() => number));
});

test("all that node knows, and all that shells are offered, are among them", () => {
  for (const [name, number] of Object.entries(constants.signals))
    expect([name, parseSignal(name)]).toEqual([name, number]);
  for (const name of signalNames) expect(parseSignal(name)).toBeGreaterThan(0);
});

test.each([
  "",
  "0",
  "65",
  "-9",
  "9.5",
  "foobar",
  "SIG",
  "SIGSIGTERM",
  "RTMIN-1",
  "RTMAX+1",
  "RTMIN+31",
  "constructor",
  "1 2",
])("%j is none", async (text) => {
  const error = await failureOf(() => parseSignal(text));
  expect([error.code, error.message]).toEqual(["BAD_ARGUMENT", `Invalid signal: ${text}`]);
});
