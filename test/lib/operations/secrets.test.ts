import { isSecretName, SecretMask } from "../../../src/lib/operations/secrets";

test.each([
  ["password", true],
  ["DB_PASSWORD", true],
  ["apiKey", true],
  ["AWS_SECRET_ACCESS_KEY", true],
  ["auth", true],
  ["identitytoken", true],
  ["global_auth_file", false],
  ["pause_image_auth_file", false],
  ["secretName", false],
  ["default_runtime", false],
  ["passed", false],
])("%s is called as a secret is: %s", (name, secret) => {
  expect(isSecretName(name)).toBe(secret);
});

test.each([
  ['password = "top-s3cret"', 'password = "HIDDEN"'],
  ["token: abc-def", "token: HIDDEN"],
  ['{"client-secret":"a b c","x":1}', '{"client-secret":"HIDDEN","x":1}'],
  ["mount --password=s3cret -v", "mount --password=HIDDEN -v"],
  ["login --password s3cret --user me", "login --password HIDDEN --user me"],
  ["http://me:s3cret@proxy.example:3128/", "http://HIDDEN@proxy.example:3128/"],
  ["Authorization: Bearer abcdefgh.ijk", "Authorization: HIDDEN HIDDEN"],
  ["curl -H 'Authorization: Bearer short' x", "curl -H 'Authorization: HIDDEN HIDDEN' x"],
  ["mysql -h db -pT0pf1sh shop", "mysql -h db -pHIDDEN shop"],
  ["sshpass -p hunter2 ssh db", "sshpass -p HIDDEN ssh db"],
  ["curl -u bob:hunter2 http://db", "curl -u bob:HIDDEN http://db"],
  ["podman run -u 1000:1000 -p 8080:80 x", "podman run -u 1000:1000 -p 8080:80 x"],
  ["eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl", "HIDDEN"],
  ["eyJhbGciOiJI.eyJzdWIiOiIx.c2ln", "HIDDEN"],
  ["x=eyJhbGciOiJI.eyJzdWIiOiIx., y", "x=HIDDEN, y"],
  ["old-eyJhbGciOiJI.eyJzdWIiOiIx.c2ln.txt", "old-HIDDEN.txt"],
  ["a.eyJhbGciOiJI.eyJzdWIiOiIx.c2ln.eyJhbGciOiJI.eyJzdWIiOiIx.c2ln", "a.HIDDEN.HIDDEN"],
  ["keyJhbGciOiJI.eyJzdWIiOiIx.c2ln", "keyJhbGciOiJI.eyJzdWIiOiIx.c2ln"],
  ["eyJshort.eyJzdWIiOiIx.c2ln", "eyJshort.eyJzdWIiOiIx.c2ln"],
  ["eyJhbGciOiJI.short.c2ln", "eyJhbGciOiJI.short.c2ln"],
  ["a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nb", "a\nHIDDEN\nb"],
  ['global_auth_file = "/etc/auth.json"', 'global_auth_file = "/etc/auth.json"'],
  ['default_runtime = "runc"', 'default_runtime = "runc"'],
  ['default_env = [\n  "A=b c",\n  "PROXY=x",\n]', 'default_env = [\n  "A=HIDDEN",\n  "PROXY=HIDDEN",\n]'],
])("in the text %j", (text, masked) => {
  expect(new SecretMask().text(text)).toBe(masked);
});

test("environments keep the names of their variables; what a secret one holds is found elsewhere, too", () => {
  const mask = new SecretMask();
  const inner = JSON.stringify({ "kubectl.kubernetes.io/last-applied-configuration": "{}", a: "b" });
  const spec = {
    process: { env: ["PATH=/bin", "DB_PASSWORD=hunter22"], args: ["serve", "--token", "abc", "hunter22"] },
    annotations: { "io.kubernetes.cri-o.Annotations": inner },
  };
  expect(mask.json(spec)).toEqual({
    process: {
      env: ["PATH=HIDDEN", "DB_PASSWORD=HIDDEN"],
      args: ["serve", "--token", "HIDDEN", "HIDDEN"],
    },
    annotations: {
      "io.kubernetes.cri-o.Annotations": JSON.stringify({
        "kubectl.kubernetes.io/last-applied-configuration": "HIDDEN",
        a: "b",
      }),
    },
  });
  expect(mask.text("said hunter22")).toBe("said HIDDEN");
});

test("a file of JSON that was cut hides what it hides as a whole, wherever it was cut", () => {
  const applied = "kubectl.kubernetes.io/last-applied-configuration";
  const secrets = { "shop/token": 'abc-1 "quoted"', [applied]: '{"a":"bcd-2"}', note: "open" };
  const whole = JSON.stringify(
    {
      process: { args: ["mysql", "-pcde-3", "--api-token", "def-4"], env: ["PATH=efg-5", "X=fgh-6"] },
      annotations: { ...secrets, "io.kubernetes.cri-o.Annotations": JSON.stringify(secrets) },
      config: { labels: ["shop/token=ghi-7", "bundle=/run/x"] },
    },
    undefined,
    1,
  );
  for (let length = 1; length < whole.length; length++) {
    const masked = new SecretMask().jsonFile(whole.slice(0, length));
    expect(masked).not.toMatch(/[a-g][b-h][c-i]-\d|quoted/);
  }
  const masked = new SecretMask().jsonFile(whole.slice(0, -1));
  expect(masked.match(/HIDDEN/g)).toHaveLength(9);
  expect(masked).toContain('"note": "open"');
  expect(masked).toContain('"bundle=/run/x"');
});

test("annotations are gone through also where runc has made labels of them", () => {
  const applied = "kubectl.kubernetes.io/last-applied-configuration";
  const inner = JSON.stringify({ "shop/token": "abc", note: "b" });
  const labels = [
    "bundle=/run/x",
    "shop/token=abcdef",
    `${applied}={"a":"b"}`,
    `io.kubernetes.cri-o.Annotations=${inner}`,
    "alone",
  ];
  expect(new SecretMask().json({ config: { labels } })).toEqual({
    config: {
      labels: [
        "bundle=/run/x",
        "shop/token=HIDDEN",
        `${applied}=HIDDEN`,
        'io.kubernetes.cri-o.Annotations={"shop/token":"HIDDEN","note":"b"}',
        "alone",
      ],
    },
  });
});

test("words of a command line whose secrets only the words before them tell", () => {
  const hide = (...args: string[]): unknown => new SecretMask().json({ args });
  expect(hide("/usr/bin/mysqldump", "-h", "db", "-pT0pf1sh", "shop")).toEqual({
    args: ["/usr/bin/mysqldump", "-h", "db", "-pHIDDEN", "shop"],
  });
  expect(hide("curl", "-u", "bob:hunter2", "http://db")).toEqual({
    args: ["curl", "-u", "bob:HIDDEN", "http://db"],
  });
  expect(hide("serve", "-p8080", "-u", "1000:1000")).toEqual({
    args: ["serve", "-p8080", "-u", "1000:1000"],
  });
});

test("credentials of registries keep the names of the registries", () => {
  const mask = new SecretMask();
  const auth = Buffer.from("me:hunter22").toString("base64");
  expect(mask.json({ auths: { "quay.io": { auth }, "x.io": {} } })).toEqual({
    auths: { "quay.io": { auth: "HIDDEN" }, "x.io": {} },
  });
  expect(mask.text(`it was ${auth}, hunter22`)).toBe("it was HIDDEN, HIDDEN");
});

test("what a container fills with one long text, or with many words, is gone through once", () => {
  const mask = new SecretMask();
  for (const text of ["mysql ".repeat(100_000), "mysql-".repeat(100_000), "a".repeat(500_000)])
    expect(mask.text(text)).toBe(text);
  const args = ["mysql", ...Array.from({ length: 50_000 }, () => "a-word-of-many"), "-pT0pf1sh"];
  expect(mask.json({ args })).toEqual({ args: [...args.slice(0, -1), "-pHIDDEN"] });
});

test("a file of JSON that was cut in a text as long as what is read of it", () => {
  const masked = new SecretMask().jsonFile(`{"note":"${"a ".repeat(8 * 1024 * 1024)}","token":"abc-1`);
  expect(masked.endsWith('","token":"HIDDEN')).toBe(true);
});

test("a file of JSON that was cut is gone through once", () => {
  const mask = new SecretMask();
  for (const text of [`{"a":"${'\\"'.repeat(200_000)}`, `{"a":${'"'.repeat(300_001)}`])
    expect(mask.jsonFile(text)).toBe(text);
});

test("what begins like a token a million times is gone through once", () => {
  const text = "eyJ-".repeat(1_000_000);
  expect(new SecretMask().text(text) === text).toBe(true);
});
