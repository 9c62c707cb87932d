import { compileTemplate, Stringer, withMaps } from "../../../src/format/template";

const run = (source: string, data: unknown) => compileTemplate(source).execute(data);

describe("nothing but the data can be reached", () => {
  class Secret {
    readonly token = "x";
  }

  test.each(["constructor", "__proto__", "toString", "hasOwnProperty", "prototype", "length"])(
    "a struct has no %s",
    (name) => {
      expect(() => run(`{{.${name}}}`, { a: 1 })).toThrow(`can't evaluate field ${name} in type struct`);
    },
  );

  test.each(["length", "map", "constructor"])("a list has no %s", (name) => {
    expect(() => run(`{{.L.${name}}}`, { L: ["a"] })).toThrow(
      `can't evaluate field ${name} in type []string`,
    );
  });

  test.each(["length", "at", "constructor"])("a text has no %s", (name) => {
    expect(() => run(`{{.S.${name}}}`, { S: "a" })).toThrow(`can't evaluate field ${name} in type string`);
  });

  test("the entries of a map are its keys alone", () => {
    const data = { M: new Map([["a", "1"]]) };
    expect(run("{{.M.a}} {{.M.size}} {{.M.constructor}} {{.M.__proto__}}", data)).toBe(
      "1 <no value> <no value> <no value>",
    );
    expect(run('{{index .M "get"}}|{{index .M "__proto__"}}|', data)).toBe("||");
  });

  test("keys of data that have the names of JavaScript's insides are keys", () => {
    const labels: unknown = JSON.parse('{"__proto__": "p", "constructor": "c"}');
    const data = withMaps({ Labels: labels }, new Set(["Labels"]));
    expect(run("{{.Labels.__proto__}}{{.Labels.constructor}}{{.Labels.toString}}", data)).toBe(
      "pc<no value>",
    );
    expect(run("{{json .Labels}}", data)).toBe('{"__proto__":"p","constructor":"c"}');
  });

  test.each([
    ["an instance of a class", new Secret()],
    ["a function", () => 1],
    ["a date", new Date(0)],
    ["a set", new Set([1])],
  ])("%s is no data", (_, value) => {
    expect(() => run("{{.V.token}}", { V: value })).toThrow();
    expect(() => run("{{.V}}", { V: value })).toThrow(TypeError);
  });

  test("a second name of a field, which is not enumerable, is not printed", () => {
    const data = Object.defineProperty({ a: 1 }, "A", { value: 1, enumerable: false });
    expect(run("{{.A}}{{json .}}{{.}}", data)).toBe('1{"a":1}{1}');
  });
});

test("fields are computed only where they are asked for", () => {
  const asked: string[] = [];
  const row = {
    get A() {
      asked.push("A");
      return "a";
    },
    get B() {
      asked.push("B");
      return "b";
    },
  };
  expect(run("{{.B}}{{if false}}{{.A}}{{end}}", row)).toBe("b");
  expect(asked).toEqual(["B"]);
});

test("what a field throws comes out as it is", () => {
  const failure = new Error("disk on fire");
  const row = {
    get A(): string {
      throw failure;
    },
  };
  expect(() => run("{{.A}}", row)).toThrow(failure);
});

test("a field that is not set prints as nil, a key that is missing as no value", () => {
  const data = { N: null, U: undefined, M: new Map<string, unknown>([["a", null]]) };
  expect(run("{{.N}} {{.U}} {{.M.a}} {{.M.b}}", data)).toBe("<nil> <nil> <nil> <no value>");
  expect(() => run("{{.N.x}}", data)).toThrow("nil pointer evaluating interface {}.x");
});

describe("a Stringer", () => {
  const data = {
    Size: new Stringer(1234, "1.234kB"),
    Labels: new Stringer(new Map([["app", "web"]]), "app=web"),
    Mounts: new Stringer(["/a", "/b"], "/a,/b"),
  };

  test.each([
    ["{{.Size}} {{.Labels}} {{.Mounts}}", "1.234kB app=web /a,/b"],
    ['{{printf "%s|%v|%8s|%d" .Size .Labels .Size .Size}}', "1.234kB|app=web| 1.234kB|1234"],
    ["{{if gt .Size 1000}}big{{end}}", "big"],
    ["{{.Labels.app}} {{.Labels.x}}", "web <no value>"],
    ["{{range .Mounts}}<{{.}}>{{end}} {{len .Mounts}} {{index .Mounts 1}}", "</a></b> 2 /b"],
    ["{{json .}}", '{"Size":1234,"Labels":{"app":"web"},"Mounts":["/a","/b"]}'],
    ['{{upper .Labels}} {{join .Mounts "+"}} {{len (split .Mounts ",")}}', "APP=WEB /a+/b 2"],
    ["{{print .Size .Labels}} {{if .Labels}}y{{end}}", "1.234kB app=web y"],
  ])("%s", (template, expected) => {
    expect(run(template, data)).toBe(expected);
  });

  test("that holds nothing is false", () => {
    expect(run("{{if .L}}y{{else}}n{{end}}", { L: new Stringer(new Map(), "") })).toBe("n");
  });
});

describe("numbers of the data have no types", () => {
  test.each([
    ['{{printf "%.2f%%" .N}}', 0, "0.00%"],
    ['{{printf "%d" .N}}', 7, "7"],
    ["{{.N}}", 9_007_199_254_740_993_000, "9007199254740993024"],
    ["{{.N}}", 0.1, "0.1"],
    ["{{gt .N 1}}", 1.5, "true"],
    ["{{eq .N 2.0}}", 2, "true"],
  ])("%s of %d", (template, N, expected) => {
    expect(run(template, { N })).toBe(expected);
  });
});

test("the data cannot steer the terminal, the template's own text can", () => {
  const data = { S: "a\x1b[31m\nb\u202ec\x9b", L: ["\x07"] };
  expect(run("\x1b[1m{{.S}}{{.L}}", data)).toBe("\x1b[1ma\\x1b[31m\nb\\u202ec\\x9b[\\x07]");
  expect(run("{{json .S}}", data)).toBe('"a\\u001b[31m\\nb\\u202ec\\u009b"');
  expect(run('{{print "\\x1b" "\\n"}}', data)).toBe("\\x1b\n");
});
