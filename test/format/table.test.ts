import { tableText } from "../../src/format/table";
import { displayWidth } from "../../src/format/width";

test("pads all columns but the last, 3 spaces apart", () => {
  const text = tableText({
    columns: ["ID", "NAMES", "X"],
    rows: [
      ["0123456789abc", "one", "long last cell"],
      ["a", "a longer name", ""],
    ],
  });
  expect(text).toBe(
    [
      "ID              NAMES           X",
      "0123456789abc   one             long last cell",
      "a               a longer name",
      "",
    ].join("\n"),
  );
});

test("without rows the headings are left, and nothing where they are not wanted", () => {
  const empty = { columns: ["ID", "NAMES"], rows: [] };
  expect(tableText(empty)).toBe("ID   NAMES\n");
  expect(tableText({ ...empty, heading: false })).toBe("");
});

test("headings that are left out take no width", () => {
  expect(tableText({ columns: ["LONG HEADING", "B"], rows: [["a", "b"]], heading: false })).toBe("a   b\n");
});

test("a cell cannot break its line nor reach the terminal", () => {
  const rows = [["a\nb", "\x1b[31m", "c"]];
  expect(tableText({ columns: ["A", "B", "C"], rows, heading: false })).toBe("a\\nb   \\x1b[31m   c\n");
});

describe("of a narrow terminal", () => {
  const columns = ["ID", "IMAGE", "STATUS", "NAMES"];
  const rows = [
    ["0123456789abc", "registry.example/team/image:1", "Up 2 minutes", "k8s_web_shop_default_0c7c_0"],
    ["fedcba9876543", "busybox", "Created", "short"],
  ];
  const narrow = { IMAGE: 10, NAMES: 10 };
  const lines = (width: number): string[] =>
    tableText({ columns, rows, width, narrow }).split("\n").slice(0, -1);
  const full = tableText({ columns, rows }).split("\n").slice(0, -1);

  test("is as it is where there is room", () => {
    expect(lines(200)).toEqual(full);
    expect(lines(Math.max(...full.map(({ length }) => length)))).toEqual(full);
  });

  test("has its widest columns cut, and only those that give way", () => {
    expect(lines(72)).toEqual([
      "ID              IMAGE                 STATUS         NAMES",
      "0123456789abc   registry.example...   Up 2 minutes   k8s_web_shop_def...",
      "fedcba9876543   busybox               Created        short",
    ]);
  });

  test("keeps 10 characters of them, and then ends where the terminal does", () => {
    expect(lines(40)[1]).toBe("0123456789abc   registr...   Up 2 minute");
    expect(lines(1)).toEqual(["I", "0", "f"]);
  });

  test("leaves columns out only where cutting is not enough, in their order", () => {
    const headings = (width: number): string =>
      tableText({ columns, rows: [], width, narrow, spare: ["STATUS", "IMAGE"] }).trimEnd();
    const spared = (width: number): string[] =>
      tableText({ columns, rows, width, narrow, spare: ["STATUS", "IMAGE"] })
        .split("\n")
        .slice(0, -1);
    expect(spared(72)).toEqual(lines(72));
    expect(spared(53)[1]).toBe("0123456789abc   registry.examp...   k8s_web_shop_d...");
    expect(spared(30)[1]).toBe("0123456789abc   k8s_web_sho...");
    expect(headings(80)).toBe("ID   IMAGE   STATUS   NAMES");
  });

  test("keeps more of some columns until nothing is left to leave out", () => {
    const kept = (width: number): string | undefined =>
      tableText({ columns, rows, width, narrow: { IMAGE: 10, NAMES: 20 }, spare: ["STATUS"] }).split("\n")[1];
    expect(kept(64)).toBe("0123456789abc   registr...   Up 2 minutes   k8s_web_shop_defa...");
    expect(kept(60)).toBe("0123456789abc   registry.example/...   k8s_web_shop_defau...");
    expect(kept(40)).toBe("0123456789abc   registr...   k8s_web_...");
  });
});

test("a cell is painted without its padding, and its colour does not count", () => {
  const paint = (text: string): string => `\x1b[32m${text}\x1b[39m`;
  const rows = [
    [{ text: "Up", paint }, "x"],
    ["Exited", "y"],
  ];
  expect(tableText({ columns: ["A", "B"], rows, heading: false })).toBe(
    "\x1b[32mUp\x1b[39m       x\nExited   y\n",
  );
  expect(tableText({ columns: ["A", "B"], rows, heading: false, width: 1 })).toBe("\x1b[32mU\x1b[39m\nE\n");
});

test("wide characters count for what they take", () => {
  const rows = [
    ["日本", "1"],
    ["abcde", "2"],
    ["e\u0301", "3"],
  ];
  expect(tableText({ columns: ["A", "B"], rows, heading: false })).toBe(
    "日本    1\nabcde   2\ne\u0301       3\n",
  );
});

test.each([
  ["", 0],
  ["abc ~", 5],
  ["größe", 5],
  ["日本語", 6],
  ["한국", 4],
  ["ｆｕｌｌ", 8],
  ["e\u0301a", 2],
  ["👩‍👩‍👧", 2],
  ["✔", 1],
  ["✔\ufe0f", 2],
  ["🇩🇪", 2],
  ["\u200b", 0],
  ["𠀀", 2],
  ["…", 1],
])("%j takes %d cells", (text, width) => {
  expect(displayWidth(text)).toBe(width);
});
