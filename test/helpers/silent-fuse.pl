# Mounts a file system of FUSE at a directory, and answers for that alone: who looks for a file in it waits for ever, and in
# such a way that no signal ends it. It prints a line when it is mounted, and one for each that waits. What waits goes on
# when this ends.
use Fcntl;
$^F = 255;
$| = 1;
my ($directory, $source, $type) = ($ARGV[0], "kpod-test", "fuse");
sysopen(my $fuse, "/dev/fuse", O_RDWR) or die "cannot open /dev/fuse: $!";
my $options = "fd=" . fileno($fuse) . ",rootmode=40000,user_id=0,group_id=0,allow_other";
system("mount", "-i", "-t", $type, "-o", $options, $source, $directory) == 0 or die "cannot mount it";
my $attributes = pack("Q6L10", 1, 0, 0, 0, 0, 0, 0, 0, 0, 040755, 2, 0, 0, 0, 4096, 0);
while (sysread($fuse, my $request, 1 << 20)) {
  my ($length, $operation, $unique) = unpack("LLQ", $request);
  my ($error, $body) = (-38, "");
  if ($operation == 26) { ($error, $body) = (0, pack("LLLLSSLLSSL", 7, 31, 4096, 0, 12, 9, 4096, 1, 1, 0, 0) . "\0" x 28) }
  elsif ($operation == 3) { ($error, $body) = (0, pack("QLL", 0, 0, 0) . $attributes) }
  elsif ($operation == 1) { print "waits\n"; next }
  elsif ($operation == 2 || $operation == 36 || $operation == 42) { next }
  syswrite($fuse, pack("LlQ", 16 + length($body), $error, $unique) . $body);
  print "mounted\n" if $operation == 26;
}
