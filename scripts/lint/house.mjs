// The lint rules of the house: arrows between rooms go down the floors of eslint.config.mjs, and no file leads back to
// itself. What only gives a type is an import as well, for whoever reads the file has to follow it, too.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const SPECIFIER = /(?:\bfrom|\bimport)\s*\(?\s*["'](\.[^"']*)["']/g;

/** The file of the repository that a relative import names, as its path below `source`, or undefined. */
function resolveImport(source, file, specifier) {
  const path = join(dirname(file), specifier);
  return [`${path}.ts`, `${path}/index.ts`].find((candidate) => existsSync(join(source, candidate)));
}

function importsOf(source, file, text) {
  const found = [...text.matchAll(SPECIFIER)].map(([, specifier]) => resolveImport(source, file, specifier));
  return [...new Set(found.filter((imported) => imported !== undefined))];
}

const graphs = new Map();

/** What each file below `source` imports, read once a run of the linter. */
function graphOf(source) {
  const known = graphs.get(source);
  if (known !== undefined) return known;
  const files = readdirSync(source, { recursive: true }).filter((name) => name.endsWith(".ts"));
  const read = (file) => importsOf(source, file, readFileSync(join(source, file), "utf8"));
  const graph = new Map(files.map((file) => [file, read(file)]));
  graphs.set(source, graph);
  return graph;
}

/** The shortest way from one file to another along imports, or undefined. */
function wayBetween(graph, from, to) {
  const cameFrom = new Map([[from, undefined]]);
  for (const file of cameFrom.keys()) {
    if (file === to) {
      const way = [];
      for (let step = to; step !== undefined; step = cameFrom.get(step)) way.unshift(step);
      return way;
    }
    for (const next of graph.get(file) ?? []) if (!cameFrom.has(next)) cameFrom.set(next, file);
  }
  return undefined;
}

/** All rooms of the table, from the top; a row's place is its floor. */
function roomsOf(floors) {
  return floors.flatMap(({ rooms, holds, imports }, floor) =>
    rooms.map((name) => ({ name, floor, holds, imports })),
  );
}

/** The room of a file below src: `lib/oci`, or `commands/ps` where the table says `commands/*`; the longest name wins. */
function findRoom(floors, file) {
  const parts = file.split("/");
  const fits = ({ name }) => {
    const names = name.split("/");
    const isFolder = names.at(-1) === "*";
    return names.every(
      (part, at) => part === parts[at] || (part === "*" && at < parts.length - 1 && isFolder),
    );
  };
  const rank = ({ name }) => 2 * name.split("/").length - (name.endsWith("/*") ? 1 : 0);
  const room = roomsOf(floors)
    .filter(fits)
    .sort((a, b) => rank(b) - rank(a))[0];
  return room && { ...room, name: parts.slice(0, room.name.split("/").length).join("/") };
}

/** Whether the arrow from a room to another goes down. */
function mayImport(room, other) {
  if (room.name === other.name) return true;
  if (room.imports !== undefined) return room.imports.includes(other.name);
  return other.floor > room.floor;
}

/** Says which arrow is wrong, and where the code belongs. */
function arrowMessage(floors, room, other) {
  const rooms = roomsOf(floors);
  const both = (fits) => rooms.filter((candidate) => fits(candidate, room) && fits(candidate, other));
  const namesOn = (found, floor) =>
    found
      .filter((candidate) => candidate.floor === floor)
      .map(({ name }) => name)
      .join(" or ") || "nowhere";
  const below = both((candidate, importer) => mayImport(importer, candidate));
  const above = both((candidate, imported) => mayImport(candidate, imported));
  const highest = Math.min(...below.map(({ floor }) => floor));
  const lowest = Math.max(...above.map(({ floor }) => floor));
  const how =
    room.floor === other.floor
      ? `${room.name} and ${other.name} stand side by side and know nothing of each other`
      : `${room.name} (${room.holds}) must not know of ${other.name} (${other.holds})`;
  return `Wrong arrow: ${how}. What both need belongs in ${namesOn(below, highest)}, what needs both in ${namesOn(above, lowest)}; or the caller hands it to ${room.name}.`;
}

function checkImports(context, check) {
  const { source } = context.options[0];
  const file = relative(source, context.filename);
  if (file.startsWith("..")) return {};
  const look = (node, literal) => {
    if (typeof literal?.value !== "string" || !literal.value.startsWith(".")) return;
    const imported = resolveImport(source, file, literal.value);
    const message = imported === undefined ? undefined : check(file, imported);
    if (message !== undefined) context.report({ node, message });
  };
  return {
    ImportDeclaration: (node) => look(node, node.source),
    ExportNamedDeclaration: (node) => look(node, node.source),
    ExportAllDeclaration: (node) => look(node, node.source),
    ImportExpression: (node) => look(node, node.source),
    TSImportType: (node) => look(node, node.source ?? node.argument?.literal),
  };
}

const SCHEMA = [{ type: "object" }];

const arrows = {
  meta: { type: "problem", schema: SCHEMA },
  create(context) {
    const { floors } = context.options[0];
    return checkImports(context, (file, imported) => {
      const room = findRoom(floors, file);
      const other = findRoom(floors, imported);
      if (room === undefined) return `No floor holds ${file}: give its room a row in eslint.config.mjs.`;
      if (other === undefined || mayImport(room, other)) return undefined;
      return arrowMessage(floors, room, other);
    });
  },
};

const circles = {
  meta: { type: "problem", schema: SCHEMA },
  create(context) {
    const { source } = context.options[0];
    const graph = new Map(graphOf(source));
    const own = relative(source, context.filename);
    graph.set(own, importsOf(source, own, context.sourceCode.text));
    return checkImports(context, (file, imported) => {
      const way = wayBetween(graph, imported, file);
      if (way === undefined) return undefined;
      return `Circle: ${[file, ...way].join(" -> ")}. What they share, types too, belongs in a file that imports none of them.`;
    });
  },
};

export default { rules: { arrows, circles } };
