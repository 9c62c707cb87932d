import { formatSpec, unlimited, type Spec } from "../../../src/lib/oci/spec";

function specWith(process: Partial<NonNullable<Spec["process"]>>): Spec {
  return { ociVersion: "1.0.2", process: { user: { uid: 0, gid: 0 }, args: [], cwd: "/", ...process } };
}

test("no limit is written as RLIM_INFINITY, to the digit", () => {
  const text = formatSpec(
    specWith({
      rlimits: [
        { type: "RLIMIT_CORE", hard: unlimited, soft: 0 },
        { type: "RLIMIT_FSIZE", hard: unlimited, soft: unlimited },
      ],
    }),
  );
  expect(text.match(/"(hard|soft)": \d+/g)).toEqual([
    '"hard": 18446744073709551615',
    '"soft": 0',
    '"hard": 18446744073709551615',
    '"soft": 18446744073709551615',
  ]);
  expect(text).toMatch(/^\{\n\t"ociVersion"/);
});

test("a text that looks like one stays", () => {
  const args = ['"hard": 18446744073709552000'];
  expect(JSON.parse(formatSpec(specWith({ args })))).toMatchObject({ process: { args } });
});
