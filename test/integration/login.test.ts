import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { testImages } from "../helpers/images";
import { KPOD } from "../helpers/kpod";
import { runProcess, succeeded, type ProcessResult } from "../helpers/process";
import { startInPty } from "../helpers/pty";
import { registryUser, startRegistry, type Registry } from "../helpers/registry";
import { testdir } from "../helpers/testdir";
import { until } from "../helpers/until";
import { createWorld, type World } from "../helpers/world";

let world: World;
let plain: Registry;
let secure: Registry;

beforeAll(async () => {
  plain = await startRegistry();
  secure = await startRegistry({ secure: true });
  world = await createWorld({ settings: { "crio.image": { insecure_registries: [plain.host] } } });
}, 120_000);

afterAll(async () => {
  await plain.stop();
  await secure.stop();
  await world.destroy();
}, 120_000);

/** Where skopeo finds no credentials of this machine. */
const nowhere = { XDG_RUNTIME_DIR: "/nonexistent", HOME: "/nonexistent", REGISTRY_AUTH_FILE: undefined };

/** Runs kpod with a directory of its own for files on their way, which must be empty in the end. */
async function kpod(
  args: readonly string[],
  { input, env }: { input?: string; env?: Record<string, string> } = {},
): Promise<ProcessResult> {
  const directory = testdir();
  const result = await world.kpod(args, {
    ...(input === undefined ? {} : { input }),
    env: { ...nowhere, TMPDIR: directory, ...env },
  });
  expect(readdirSync(directory)).toEqual([]);
  return result;
}

/** The words that log in to the registry with TLS. */
const login = (file: string, ...words: string[]): string[] => [
  ...["login", "--authfile", file, "--cert-dir", secure.certificates, "-u", "joe", "--password-stdin"],
  ...words,
  secure.host,
];

const done = { exitCode: 0, stdout: "Login Succeeded!\n", stderr: "" };
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const read = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));

test("the file is for its owner alone, its directories are made, and what others keep in it stays", async () => {
  const file = join(testdir(), "of/nobody/auth.json");
  expect(await kpod(login(file), { input: "secret\n" })).toEqual(done);
  expect(statSync(file).mode & 0o7777).toBe(0o600);
  expect(statSync(join(file, "../..")).mode & 0o7777).toBe(0o700);
  expect(readdirSync(join(file, ".."))).toEqual(["auth.json"]);
  expect(read(file)).toEqual({ auths: { [secure.host]: { auth: base64(registryUser) } } });
  expect((await kpod(["login", "--get-login", "--authfile", file, secure.host])).stdout).toBe("joe\n");

  const others = {
    HttpHeaders: { "X-Meta": "1" },
    auths: {
      "registry.example": { auth: base64("a:b"), email: "a@b.example" },
      [secure.host]: { auth: base64("old:one"), identitytoken: "stale", email: "c@d.example" },
    },
    credsStore: "",
  };
  const real = join(testdir(), "config.json");
  const link = join(testdir(), "link.json");
  writeFileSync(real, JSON.stringify(others));
  chmodSync(real, 0o644);
  symlinkSync(real, link);
  expect(await kpod(login(link), { input: "secret" })).toEqual(done);
  const mine = { auth: base64(registryUser), email: "c@d.example" };
  const expected = { ...others, auths: { ...others.auths, [secure.host]: mine } };
  expect(read(real)).toEqual(expected);
  expect(Object.keys(expected)).toEqual(Object.keys(read(real) as object));
  expect(statSync(real).mode & 0o7777).toBe(0o600);
  expect(readFileSync(link, "utf8")).toBe(readFileSync(real, "utf8"));

  const out = await kpod(["logout", "--authfile", link, secure.host]);
  expect(out).toEqual({
    exitCode: 0,
    stdout: `Remove login credentials for ${secure.host}\n`,
    stderr: "",
  });
  expect(read(real)).toEqual({ ...others, auths: { "registry.example": others.auths["registry.example"] } });
  const again = await kpod(["logout", "--authfile", link, secure.host]);
  expect([again.exitCode, again.stdout]).toEqual([1, ""]);
  expect(again.stderr).toBe(`Error: not logged in to ${secure.host} by ${link}\n`);
  expect((await kpod(["logout", "--authfile", link, "--all"])).stdout).toBe(
    "Remove login credentials for all registries\n",
  );
  expect(read(real)).toEqual({ ...others, auths: {} });
  // Where nobody has ever logged in.
  const none = join(testdir(), "none/auth.json");
  const never = await kpod(["logout", "--authfile", none, secure.host]);
  expect([never.exitCode, never.stderr]).toEqual([1, `Error: not logged in to ${secure.host} by ${none}\n`]);
  expect((await kpod(["logout", "--authfile", none, "--all"])).exitCode).toBe(0);
});

test("pull and push find what login keeps, before the credentials of crio.conf", async () => {
  const name = `${secure.host}/shop/busybox:1`;
  const { layout, name: own } = testImages().busybox;
  const access = ["--dest-cert-dir", secure.certificates, "--dest-creds", registryUser];
  succeeded(
    await runProcess("skopeo", ["copy", "-q", ...access, `oci:${layout}:${own}`, `docker://${name}`]),
    "skopeo copy",
  );
  const runtime = testdir();
  const wrong = join(testdir(), "wrong.json");
  writeFileSync(wrong, JSON.stringify({ auths: { [secure.host]: { auth: base64("joe:no") } } }));
  const config = join(testdir(), "crio.conf");
  const settings = readFileSync(world.config, "utf8");
  writeFileSync(config, settings.replace("[crio.image]", `[crio.image]\nglobal_auth_file = "${wrong}"`));
  const env = { XDG_RUNTIME_DIR: runtime };
  const pull = ["--config", config, "pull", "-q", "--cert-dir", secure.certificates, name];
  expect((await kpod(pull, { env })).stderr).toMatch(/kpod login/);
  const words = ["-u", "joe", "--password-stdin", "--tls-verify=false", `https://${secure.host}/v2/`];
  expect(await kpod(["login", ...words], { input: "secret\r\n", env })).toEqual(done);
  expect(Object.keys(read(join(runtime, "containers/auth.json")) as object)).toEqual(["auths"]);
  expect((await kpod(pull, { env })).exitCode).toBe(0);
  const push = ["push", "-q", "--cert-dir", secure.certificates, name, `${secure.host}/shop/other:1`];
  expect(await kpod(push, { env })).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  expect((await kpod(["logout", secure.host], { env })).exitCode).toBe(0);
  expect((await kpod(pull, { env })).exitCode).toBe(1);
  // A registry without TLS, which asks nobody for a password, is one of insecure_registries.
  const open = ["login", "-u", "joe", "-p", "x", plain.host];
  const seen = await kpod(["--log-level", "warn", ...open], { env });
  expect([seen.exitCode, seen.stderr]).toEqual([0, expect.stringMatching(/use --password-stdin/)]);
});

test("a helper of the file keeps the credentials; the file stays as it is", async () => {
  const directory = testdir();
  const kept = join(directory, "kept");
  const helper = `#!/bin/sh
case $1 in
store) cat > ${kept} ;;
get) if [ -e ${kept} ]; then cat ${kept}; else echo credentials not found in native keychain; exit 1; fi ;;
list) if [ -e ${kept} ]; then echo '{"${secure.host}":"joe"}'; else echo '{}'; fi ;;
erase) rm ${kept} ;;
esac
`;
  writeFileSync(join(directory, "docker-credential-kpodtest"), helper, { mode: 0o755 });
  const env = { PATH: `${directory}:${process.env.PATH ?? ""}` };
  const file = join(directory, "auth.json");
  const text = JSON.stringify({ credHelpers: { [secure.host]: "kpodtest" } });
  writeFileSync(file, text);
  expect(await kpod(login(file), { input: "secret", env })).toEqual(done);
  expect(read(kept)).toMatchObject({ Username: "joe", Secret: "secret" });
  expect(readFileSync(file, "utf8")).toBe(text);
  const who = await kpod(["login", "--get-login", "--authfile", file, secure.host], { env });
  expect(who).toEqual({ exitCode: 0, stdout: "joe\n", stderr: "" });
  expect((await kpod(["logout", "--authfile", file, secure.host], { env })).exitCode).toBe(0);
  expect(readdirSync(directory).sort()).toEqual(["auth.json", "docker-credential-kpodtest"]);
  expect(readFileSync(file, "utf8")).toBe(text);
});

test("what is refused is one line, and leaves the file as it was", async () => {
  const file = join(testdir(), "auth.json");
  const text = JSON.stringify({ auths: { "registry.example": { auth: base64("a:b") } }, more: 1 });
  writeFileSync(file, text);
  const broken = join(testdir(), "auth.json");
  writeFileSync(broken, "{");
  const directory = join(testdir(), "auth.json");
  mkdirSync(directory);
  const device = join(testdir(), "null");
  execFileSync("mknod", [device, "c", "1", "3"]);
  const off = ["login", "--authfile", file, "-u", "joe", "--password-stdin"];
  const cases: [string[], string, RegExp][] = [
    [login(file), "wrong", /localhost:\d+ refuses this user name or password\n/],
    [[...off, secure.host], "secret", /x509.*--cert-dir/],
    [[...off, "127.0.0.1:1"], "secret", /connection refused.*cannot be reached/],
    [[...off, "not a registry"], "secret", /"not a registry" is not the name of a registry/],
    [login(file), "", /the password is empty/],
    [login(file), "two\nlines\n", /more than one line/],
    [login(file), "x".repeat(70_000), /holds more than/],
    [login(broken), "secret", /auth\.json does not hold valid JSON/],
    [login(directory), "secret", /auth\.json is a directory/],
    [login(device), "secret", /null: it is a device/],
    [["login", "--authfile", file, secure.host], "", /no terminal to ask on: give --username and/],
    [["login", "--get-login", "--authfile", file, secure.host], "", /not logged in to localhost/],
    [["pull", "-q", "--creds", "joe", `${secure.host}/x`], "", /no password/],
  ];
  for (const [args, input, message] of cases) {
    const { exitCode, stdout, stderr } = await kpod(args, { input });
    expect({ args, exitCode, stdout }).toEqual({ args, exitCode: 1, stdout: "" });
    expect(stderr).toMatch(/^Error: [^\n]+\n$/);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain("secret");
  }
  expect(readFileSync(file, "utf8")).toBe(text);
  for (const args of [
    ["login"],
    ["login", "--password-stdin", "x.example"],
    ["login", "-p", "a", "--password-stdin", "-u", "b", "x.example"],
    ["logout"],
    ["logout", "-a", "x.example"],
  ]) {
    expect([args, (await kpod(args)).exitCode]).toEqual([args, 2]);
  }
});

test("on a terminal user and password are asked for, the password unseen, and Ctrl-C leaves the terminal as it was", async () => {
  const file = join(testdir(), "auth.json");
  const words = ["--config", world.config, "login", "--authfile", file, "--cert-dir", secure.certificates];
  // What the terminal is set to, before and after.
  const script = 'trap : INT; stty -g; "$@"; echo "code=$?"; stty -g';
  const start = async () =>
    startInPty("sh", ["-c", script, "sh", KPOD, ...words, secure.host], { env: nowhere });
  const ask = async (former = ""): ReturnType<typeof start> => {
    const seen = await start();
    await until("the user is asked for", () => seen.output().includes(`Username${former}: `));
    return seen;
  };
  const settings = (output: string): string[] =>
    output.split("\r\n").filter((line) => /^[0-9a-f]+:/.test(line));

  const first = await ask();
  first.type("joe\r");
  await until("the password is asked for", () => first.output().includes("Password: "));
  first.type("wrong\x15secrex\x7ft\r");
  expect(await first.ended).toBe(0);
  expect(first.output()).toContain("Password: \r\nLogin Succeeded!\r\ncode=0");
  expect(first.output()).not.toContain("secre");
  expect(read(file)).toEqual({ auths: { [secure.host]: { auth: base64(registryUser) } } });

  const second = await ask(" (joe)");
  second.type("\r");
  await until("the password is asked for", () => second.output().includes("Password: "));
  second.type("se\x03");
  expect(await second.ended).toBe(0);
  expect(second.output()).toContain("code=130");
  const [before, after] = settings(second.output());
  expect([after, before]).toEqual([before, expect.any(String)]);

  const third = await ask(" (joe)");
  third.type("\x03");
  await third.ended;
  expect(third.output()).toContain("code=130");

  const creds = ["--config", world.config, "pull", "-q", "--cert-dir", secure.certificates, "--creds", "joe"];
  const pulling = await startInPty(KPOD, [...creds, `${secure.host}/nosuch:1`], { env: nowhere });
  await until("the password is asked for", () => pulling.output().includes("Password: "));
  pulling.type("secret\r");
  expect(await pulling.ended).toBe(1);
  expect(pulling.output()).toMatch(/unknown/);
  expect(pulling.output()).not.toContain("secret");
});
