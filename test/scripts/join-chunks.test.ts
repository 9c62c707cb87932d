import { runInThisContext } from "node:vm";
import { joinChunks } from "../../scripts/lib/join-chunks.mjs";

type Exports = Record<string, unknown>;

/** Runs what is made of chunks; `outside` is what lies beside the file. */
function exportsOf(chunks: Record<string, string>, outside: Exports = {}): Exports {
  const text = joinChunks(new Map(Object.entries(chunks)), "./main.js");
  const run = runInThisContext(`(function(exports, require, module) {${text}\n})`) as (
    ...given: unknown[]
  ) => void;
  const exported: Exports = {};
  run(exported, (name: string) => outside[name], {});
  return exported;
}

test("chunks see each other's exports by their other names, and each runs once", () => {
  const { value } = exportsOf({
    "./main.js": 'import{a as b}from"./one.js";import{c}from"./two.js";var d=[b,c()];export{d as value};',
    "./one.js": 'import{c}from"./two.js";var e=c();export{e as a};',
    "./two.js": "let n=0;function c(){return++n}export{c};",
  });
  expect(value).toEqual([1, 2]);
});

test("a chunk of which nothing is imported does not run, one that is imported later runs then", async () => {
  const { later } = exportsOf(
    {
      "./main.js": 'import"./none.js";var f=()=>import("./late.js");export{f as later};',
      "./none.js": 'throw new Error("run");',
      "./late.js": 'import{g}from"tools";export{g as found};',
    },
    { tools: { g: 3 } },
  );
  expect(await (later as () => Promise<unknown>)()).toEqual({ found: 3 });
});

test("what lies outside is imported whole, by names and by default, of either kind of modules", async () => {
  const { seen, late } = exportsOf(
    {
      "./main.js":
        'import m from"es";import n,{p}from"common";import*as q from"common";var s=[m,n,p,q],t=()=>Promise.all([import("es"),import("common")]);export{s as seen,t as late};',
    },
    { es: { __esModule: true, default: 1 }, common: { p: 2 } },
  );
  expect(seen).toEqual([1, { p: 2 }, 2, { p: 2 }]);
  const [es, common] = (await (late as () => Promise<unknown>)()) as [Exports, Exports];
  expect(es.default).toBe(1);
  expect([common.p, common.default]).toEqual([2, { p: 2 }]);
});

test("words of texts stay as they are, and an export of another kind is refused", () => {
  expect(exportsOf({ "./main.js": 'var a=`import("./x.js") export{b}`;export{a};' }).a).toBe(
    'import("./x.js") export{b}',
  );
  expect(() => exportsOf({ "./main.js": 'export*from"./x.js";' })).toThrow("is not understood");
});
