/** The names of Linux's signals without SIG, those first that are sent to containers most. */
export const signalNames = [
  ...["TERM", "KILL", "HUP", "INT", "QUIT", "USR1", "USR2", "STOP", "CONT", "ABRT", "ALRM", "WINCH"],
  ...["BUS", "CHLD", "FPE", "ILL", "IO", "PIPE", "PROF", "PWR", "SEGV", "STKFLT", "SYS", "TRAP"],
  ...["TSTP", "TTIN", "TTOU", "URG", "VTALRM", "XCPU", "XFSZ", "RTMIN", "RTMAX"],
] as const;
