import type { CommandDescription } from "../../shell/command";

export const command = {
  group: "system",
  order: 50,
  summary: "Print the script that completes command lines in a shell",
  usage: "SHELL",
  arguments: { min: 1, max: 1, name: "SHELL", completes: [{ words: ["bash", "zsh", "fish"] }] },
  flags: {},
  examples: [
    {
      command: "kpod completion bash > /etc/bash_completion.d/kpod",
      does: "Complete in every bash; in this one: source <(kpod completion bash)",
    },
    {
      command: "kpod completion zsh > /usr/local/share/zsh/site-functions/_kpod",
      does: "Complete in every zsh that is started from now on",
    },
    {
      command: "kpod completion fish > /etc/fish/completions/kpod.fish",
      does: "Complete in every fish",
    },
  ],
} as const satisfies CommandDescription;
