/** The text of src/lib/doctor/check-list.ts. */
export function checkListText(root: string): string;

/** What the manual says of the checks, as Markdown: a term each. */
export function checksSection(checks: readonly { readonly id: string; readonly about: string }[]): string;
