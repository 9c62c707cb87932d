import { listing, pathsBelow } from "./listing";
import { testdir } from "./testdir";

test("links are listed, and what they lead to is not", () => {
  const directory = testdir({ "real/file": "", link: { symlink: "real" }, lost: { symlink: "nowhere" } });
  expect(pathsBelow(directory)).toEqual(["link", "lost", "real", "real/file"]);
  expect(listing(directory).map((line) => line.split(" ")[0])).toEqual([
    "",
    "link",
    "lost",
    "real",
    "real/file",
  ]);
});
