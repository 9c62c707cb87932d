import { defaultConfig } from "../../../src/lib/config";
import { readStorageConf } from "../../../src/lib/config/storage-conf";
import { kpodErrorOf, temporaryDirectory, writeFile } from "./temp-files";

const directory = temporaryDirectory();

function read(toml: string): unknown {
  return readStorageConf(writeFile(directory, "storage.conf", toml), defaultConfig());
}

test.each([
  [``, {}],
  [`[storage]`, {}],
  [`[storage]\ndriver = "vfs"`, { storage: "vfs" }],
  [`[storage]\ngraphroot = "/g"\nrunroot = "/r"`, { root: "/g", runRoot: "/r" }],
  [`[storage]\ngraphroot = ""\nrunroot = ""`, {}],
  [`[storage]\nimagestore = "/i"\ntransient_store = true`, { imageStore: "/i", transientStore: true }],
  [`[storage]\nrootless_storage_path = "/ignored"\n[storage.options.thinpool]\nsize = "1"`, {}],
  [
    `[storage]\ndriver = "overlay"\n[storage.options.overlay]\nmountopt = "nodev,metacopy=on"`,
    { storage: "overlay", storageOptions: ["overlay.mountopt=nodev,metacopy=on"] },
  ],
  [
    `[storage]\ndriver = "overlay"\n[storage.options]\nmountopt = "nodev"\nsize = "1G"\n[storage.options.overlay]\nsize = "2G"`,
    { storage: "overlay", storageOptions: ["overlay.mountopt=nodev", "overlay.size=2G"] },
  ],
  [
    `[storage]\ndriver = "overlay"\n[storage.options]\nadditionalimagestores = [ "/a", "/b" ]\nadditionallayerstores = ["/c"]`,
    {
      storage: "overlay",
      storageOptions: ["overlay.imagestore=/a", "overlay.imagestore=/b", "overlay.additionallayerstore=/c"],
    },
  ],
  [
    `[storage]\ndriver = "overlay"\n[storage.options.overlay]\nmount_program = "/usr/bin/fuse-overlayfs"\nignore_chown_errors = "true"`,
    {
      storage: "overlay",
      storageOptions: ["overlay.ignore_chown_errors=true", "overlay.mount_program=/usr/bin/fuse-overlayfs"],
    },
  ],
  [
    `[storage]\ndriver = "overlay2"\n[storage.options.overlay]\nmountopt = "nodev"`,
    { storage: "overlay2", storageOptions: ["overlay2.mountopt=nodev"] },
  ],
  // Options of another driver than the one in force.
  [`[storage]\ndriver = "vfs"\n[storage.options.overlay]\nmountopt = "nodev"`, { storage: "vfs" }],
  [`[storage.options.overlay]\nmountopt = "nodev"`, {}],
])("%j", (toml, fields) => {
  expect(read(toml)).toEqual(fields);
});

test.each([
  [`[storage]\ndriver = 5`, `2: storage.driver must be a string, not 5`],
  [`[storage]\ngraphroot = "g"`, `2: storage.graphroot must be an absolute path or "", not "g"`],
  [`storage = 1`, `1: storage must be a table, not 1`],
  [`[storage]\ntransient_store = "yes"`, `2: storage.transient_store must be true or false, not "yes"`],
  [
    `[storage]\ndriver = "overlay"\n[storage.options.overlay]\nmountopt = ["nodev"]`,
    `4: storage.options.overlay.mountopt must be a string, not ["nodev"]`,
  ],
  [
    `[storage.options]\nadditionalimagestores = "/a"`,
    `2: storage.options.additionalimagestores must be a list of strings, not "/a"`,
  ],
  [`[storage]\ndriver = vfs`, `2: storage.driver: not valid TOML: `],
])("%j", (toml, message) => {
  const error = kpodErrorOf(() => read(toml));
  expect(error.code).toBe("BAD_CONFIG");
  expect(error.message).toContain(`${directory}/storage.conf:${message}`);
});
