// The command line starts here.
export {};
