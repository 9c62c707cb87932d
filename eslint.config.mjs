import js from "@eslint/js";
import { join } from "node:path";
import tseslint from "typescript-eslint";
import house from "./scripts/lint/house.mjs";

/**
 * The house below src, from the roof to the ground. A room may import the rooms of all floors below its own, none
 * beside it and none above; where a row has `imports`, these alone. No file leads back to itself.
 */
export const FLOORS = [
  { rooms: ["single.ts"], holds: "where the executable begins", imports: ["main.ts"] },
  {
    rooms: ["reader.ts"],
    holds: "where the thread begins that reads ahead for doctor",
    imports: ["lib/doctor"],
  },
  { rooms: ["main.ts"], holds: "from argv to exit code", imports: ["program", "shell"] },
  {
    rooms: ["program"],
    holds: "what is made of all commands: their list, the parser, help, completion, manual",
  },
  {
    rooms: [
      "commands/*",
      "commands/kube/*",
      "commands/network/*",
      "commands/pod/*",
      "commands/state/*",
      "commands/system/*",
    ],
    holds: "a command: its flags and help, its run, its views",
  },
  { rooms: ["commands/shared"], holds: "what several commands show or ask" },
  {
    rooms: ["shell"],
    holds: "what a command is given: terminal, types of flags, logger, interrupt, exit codes",
  },
  {
    rooms: ["format"],
    holds: "tables, Go templates, JSON, units; it knows nothing of containers",
    imports: [],
  },
  { rooms: ["lib/index.ts"], holds: "what the library gives to others" },
  { rooms: ["lib/kube"], holds: "files of Kubernetes: to what is launched, and back" },
  { rooms: ["lib/launch"], holds: "making pods and containers" },
  { rooms: ["lib/container-server.ts"], holds: "the server, which brings all below together" },
  { rooms: ["lib/doctor"], holds: "what is at odds on a node: checks, what they know, what mends it" },
  { rooms: ["lib/operations"], holds: "a verb a file, over what a verb takes of the server" },
  {
    rooms: ["lib/crio", "lib/images", "lib/hooks", "lib/checkpoint"],
    holds: "what CRI-O persisted and does, images brought in by skopeo, OCI hooks, archives of checkpoints",
  },
  { rooms: ["lib/server-parts.ts"], holds: "what of the server a look and a change use" },
  {
    rooms: ["lib/remote"],
    holds: "kpod on another node, by ssh",
    imports: ["lib/system", "lib/errors.ts", "lib/logger.ts"],
  },
  { rooms: ["lib/container-lists.ts"], holds: "the lists of pods and containers" },
  {
    rooms: ["lib/sandbox"],
    holds: "a pod, which consists of containers",
    imports: ["lib/oci", "lib/names", "lib/system", "lib/errors.ts", "lib/logger.ts"],
  },
  {
    rooms: ["lib/storage", "lib/oci", "lib/cgroups", "lib/logs", "lib/network", "lib/copy", "lib/events"],
    holds:
      "one subject each: containers/storage, containers and runtimes, cgroups, logs, networks, copies, events",
  },
  { rooms: ["lib/names"], holds: "what tells containers, pods and images apart: ids, names, their look-up" },
  { rooms: ["lib/config"], holds: "crio.conf, its drop-ins, storage.conf" },
  { rooms: ["lib/quantity.ts"], holds: "quantities of Kubernetes", imports: [] },
  { rooms: ["lib/system"], holds: "the kernel: locks, mounts, namespaces, processes, trees of files" },
  { rooms: ["lib/errors.ts", "lib/logger.ts"], holds: "the errors of the library, and whom it tells" },
];

const houseOptions = { source: join(import.meta.dirname, "src"), floors: FLOORS };

export default tseslint.config(
  { ignores: ["build/", "dist/", "node_modules/", "coverage/"] },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-empty-function": "off",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "no-control-regex": "off",
    },
  },
  {
    files: ["src/**/*.ts"],
    plugins: { house },
    rules: {
      "house/arrows": ["error", houseOptions],
      "house/circles": ["error", houseOptions],
    },
  },
  {
    files: ["src/lib/**/*.ts"],
    rules: {
      "no-console": "error",
      "no-restricted-properties": ["error", { object: "process", property: "exit" }],
    },
  },
  {
    files: ["**/*.mjs", "**/*.cjs", "bin/kpod", "eslint.config.mjs", "jest.config.cjs"],
    languageOptions: {
      globals: {
        Buffer: "readonly",
        URL: "readonly",
        __dirname: "readonly",
        Bun: "readonly",
        console: "readonly",
        module: "writable",
        process: "readonly",
        require: "readonly",
        setTimeout: "readonly",
      },
    },
  },
);
