import type { CommandDescription } from "../../shell/command";
import { registryFlags } from "../shared/registry-flags";

export const command = {
  group: "images",
  order: 70,
  summary: "Log in to a registry",
  usage: "[flags] REGISTRY",
  arguments: { min: 1, max: 1, name: "REGISTRY" },
  flags: {
    username: { short: "u", argument: "USER", help: "User name; without it you are asked" },
    password: {
      short: "p",
      argument: "PASSWORD",
      help: "Password, for every user of the node to see; without it you are asked",
    },
    "password-stdin": { help: "Read the password from standard input" },
    "get-login": { help: "Print the user that is logged in, and do nothing else" },
    authfile: registryFlags.authfile,
    "cert-dir": registryFlags["cert-dir"],
    "tls-verify": registryFlags["tls-verify"],
  },
  exclusive: [
    {
      flags: ["password", "password-stdin"],
      message: "option --password cannot be given with --password-stdin",
    },
  ],
  readsInput: true,
  needsRoot: true,
  examples: [
    { command: "kpod login registry.local:5000", does: "Log in; user name and password are asked for" },
    {
      command: "kpod login -u joe --password-stdin registry.local:5000",
      does: "With the password on standard input",
    },
  ],
} as const satisfies CommandDescription;
