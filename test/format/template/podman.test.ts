// Real Go templates: podman prints what an image is by the same templates, and gives the same data as JSON.
import { join } from "node:path";
import { makeBusyboxImage } from "../../../scripts/lib/image.mjs";
import { compileTemplate, withMaps } from "../../../src/format/template/index";
import { succeeded } from "../../helpers/process";
import { createWorld, type World } from "../../helpers/world";

const name = "localhost/templates:1";
let world: World;
let data: unknown;

beforeAll(async () => {
  world = await createWorld();
  const image = makeBusyboxImage(join(world.scratch, "image"), {
    name,
    config: {
      Labels: { app: "web", tier: "front end", empty: "", html: "<a&b>", "key.with/dots": "x" },
      Env: ["PATH=/bin:/usr/bin", "GREETING=grüß dich", 'QUOTED=say "hi"'],
      StopSignal: "SIGUSR1",
      Volumes: { "/data": {}, "/cache": {} },
    },
  });
  const store = `containers-storage:[overlay@${world.root}+${world.runRoot}]${name}`;
  succeeded(await world.skopeo(["copy", "--quiet", `oci:${image.layout}:${name}`, store]), "skopeo copy");
  const shown = succeeded(await world.podman(["image", "inspect", name]), "podman image inspect");
  const [object] = JSON.parse(shown.stdout) as unknown[];
  data = withMaps(object, new Set(["Labels", "Annotations", "Volumes", "Data"]));
});

afterAll(async () => {
  await world.destroy();
});

async function byPodman(template: string): Promise<{ text: string; error: string; exitCode: number }> {
  const { stdout, stderr, exitCode } = await world.podman(["image", "inspect", "--format", template, name]);
  return { text: stdout, error: stderr, exitCode };
}

/** podman ends the template with a line feed. */
function ended(text: string): string {
  return `${text}\n`;
}

test.each([
  "{{.Os}}/{{.Architecture}} {{.Size}}",
  "{{.Labels}}",
  '{{.Labels.app}} {{.Labels.none}} {{index .Labels "key.with/dots"}}|{{index .Labels "none"}}|',
  "{{range $k, $v := .Labels}}{{$k}}={{$v}};{{end}}",
  "{{range $i, $e := .Config.Env}}{{if $i}}, {{end}}{{$e}}{{end}}",
  "{{json .Config.Env}} {{json .Labels}} {{json .Size}}",
  '{{join .Config.Env " + "}}',
  '{{range .Config.Env}}{{index (split . "=") 0 | lower | title}} {{end}}',
  "{{range .Config.Env}}{{truncate . 4}}{{pad . 2 3}}|{{upper .}}{{end}}",
  '{{printf "%s %q %v %x %-12s| %8.3s|" .Os .Config.Env .RepoTags .Os .Os .Architecture}}',
  '{{printf "%d %5d %-9d| %x %o %b %c" 42 42 .Size 255 8 5 9731}}',
  '{{printf "%5.2f %e %g %08.3f" 3.14159 1234.5678 0.000001 2.5}}',
  '{{printf "%d %s" .Os 3}}{{printf "%s"}}{{printf "%s" 1 2}}',
  '{{if eq .Os "plan9" "linux"}}yes{{else}}no{{end}}',
  "{{if and .Author .Os}}a{{else if or .Author .Os}}b{{else}}c{{end}}",
  "{{with .Author}}{{.}}{{else}}nobody{{end}}",
  "{{with $c := .Config}}{{$c.StopSignal}} {{len $c.Env}} {{len .Cmd}}{{end}}",
  "{{$n := 0}}{{range .Config.Env}}{{$n = len .}}{{end}}{{$n}}",
  "{{slice .Digest 7 19}} {{len .Digest}} {{slice (index .Config.Env 0) 5}}",
  '{{not .Author}} {{gt .Size 1000}} {{le 1 2}} {{ne .Os "x"}} {{lt "a" "b"}}',
  '{{print 1 2 "a" "b" 3}}{{println}}{{println .Os true}}',
  String.raw`{{.Os}}\t{{.Architecture}}\n{{.Os}}`,
  "a {{- /* nothing */ -}} b {{- .Os -}}   c",
  '{{block "B" .Architecture}}<{{.}}>{{end}}{{template "B" .Os}}',
  "{{range .RootFS.Layers}}{{.}} {{end}}{{range .NamesHistory}}x{{else}}none{{end}}",
  "{{range .Config.Volumes}}v{{end}} {{len .Config.Volumes}}",
  "{{`raw \"text\"`}} {{'x'}} {{0x10}} {{1_000}} {{1.5}} {{true}}",
  "{{.Annotations}} {{.GraphDriver.Name}}",
])("the same text as podman: %s", async (template) => {
  const { text, error, exitCode } = await byPodman(template);
  expect({ error, exitCode }).toEqual({ error: "", exitCode: 0 });
  expect(ended(compileTemplate(template).execute(data))).toBe(text);
});

/** The cause alone: podman puts `{{range .}}` before the template, which moves the place. */
function causeOf(message: string): string {
  return message
    .trim()
    .replace(/^.*template: inspect:\d+:(\d+:)? /, "")
    .replace(/ in type .*/, " in type")
    .replace("int64", "int");
}

test.each([
  "{{.Nothing}}",
  "{{.Config.Nothing}}",
  "{{index .Config.Env 9}}",
  "{{lower .Size}}",
  '{{join .Os ","}}',
  '{{index .Os "x"}}',
  "{{lt .Os 1}}",
  '{{template "none"}}',
  "{{.Os.Kind}}",
])("the same failure as podman: %s", async (template) => {
  const { error, exitCode } = await byPodman(template);
  expect(exitCode).not.toBe(0);
  const compiled = compileTemplate(template, { name: "inspect" });
  expect(() => compiled.execute(data)).toThrow();
  try {
    compiled.execute(data);
  } catch (failure) {
    expect(causeOf(String(failure))).toBe(causeOf(error));
  }
});

test.each([
  "{{nofunction .}}",
  "{{if .Os}}x",
  "{{.Os | 1}}",
  "{{end}}",
  '{{"x}}',
  "{{$x}}",
  "{{.Os $}",
  "{{range}}{{end}}",
])("the same fault as podman: %s", async (template) => {
  const { error, exitCode } = await byPodman(template);
  expect(exitCode).not.toBe(0);
  let fault = "";
  try {
    compileTemplate(template, { name: "inspect" });
  } catch (failure) {
    fault = String(failure);
  }
  expect(causeOf(fault)).toBe(causeOf(error));
});
