/** The text of src/commands/doctor/check-ids.ts. @throws Error that names a file which does not begin as others do */
export function checkIdsText(root: string): string;

/** The text of src/lib/doctor/check-list.ts. */
export function checkListText(root: string): string;

/** What the manual says of the checks, as Markdown: a term each. */
export function checksSection(checks: readonly { readonly id: string; readonly about: string }[]): string;
