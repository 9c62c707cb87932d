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
