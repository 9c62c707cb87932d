/** The folders of src/commands that hold a command or a part of one (`ps`, `pod/stop`), sorted. */
export function commandFolders(root: string): string[];

/** What a command consists of and is not there, a sentence a file. */
export function missingParts(root: string, folder: string): string[];

/** Says so where no test of test/integration calls the command. */
export function missingTest(root: string, folder: string): string[];

/**
 * The text of src/program/command-folders.ts.
 * @throws ScriptError where a folder lacks a part
 */
export function commandFoldersText(root: string): string;
