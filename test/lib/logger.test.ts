import { callInWords } from "../../src/lib/logger";

test.each([
  [["copy", "--src-creds", "user:secret", "a"], "copy --src-creds HIDDEN a"],
  [["copy", "--dest-creds=user:secret", "a"], "copy --dest-creds=HIDDEN a"],
  [["login", "--password", "se cret", "-u", "me"], "login --password HIDDEN -u me"],
  [["copy", "--dest-registry-token=secret"], "copy --dest-registry-token=HIDDEN"],
  [["login", "--username=me", "--password-stdin", "host"], "login --username=me --password-stdin host"],
  [["sh", "-c", 'echo "a"\n'], 'sh -c "echo \\"a\\"\\n"'],
])("%j is told as %s", (args, words) => {
  expect(callInWords("/bin/program", args)).toBe(`calling /bin/program ${words}`);
});
