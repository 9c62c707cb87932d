const architectures: Readonly<Partial<Record<NodeJS.Architecture, string>>> = {
  x64: "amd64",
  ia32: "386",
  ppc64: "ppc64le",
  mipsel: "mipsle",
};

/** The architecture of this machine in Go's words, which are those of images and of kpod 1.0: `amd64`. */
export function goArchitecture(): string {
  return architectures[process.arch] ?? process.arch;
}
