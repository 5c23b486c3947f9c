package provision_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestBlocksLeaveTheRestAlone: whatever a shared file holds, fbdock's block
// goes in, changes and comes out, and not a byte outside of it is another.
func TestBlocksLeaveTheRestAlone(t *testing.T) {
	t.Parallel()
	needNamespaces(t)
	contents := []string{
		"", "\n", "one\n", "one\ntwo\n\n", "no newline at the end", "tabs\there \\ and back\\\\slashes\\\n", "dos\r\nlines\r\n",
		"'quotes' \"double\" $HOME `id` %s %d\n", "# comment\n\n\n# END of something\n", strings.Repeat("long ", 5000) + "\n", "\x01\x7f\xff bytes\n",
	}
	g := newGuest(t)
	g.upload(t, labMachine())
	var script strings.Builder
	script.WriteString("mkdir -p /usr/local/libexec /usr/local/etc/fbdock; cp -R /var/db/fbdock/payload/libexec /usr/local/libexec/fbdock\n" +
		"cp /var/db/fbdock/payload/fbdock.env /usr/local/etc/fbdock/; . /usr/local/libexec/fbdock/lib.sh; . /usr/local/libexec/fbdock/block.sh; begin blocks\n")
	for i, content := range contents {
		g.write(t, fmt.Sprintf("root/file%d", i), content)
		fmt.Fprintf(&script, `f=/root/file%d
chmod 0640 $f; chown vagrant $f
put_block $f 'first'; take_block; cp $f $f.first
put_block $f 'first'; take_block && echo "changed again: $f" >&3
put_block $f 'second
third' 1; take_block; cp $f $f.second
put_block $f ''; take_block; cp -p $f $f.out
`, i)
	}
	script.WriteString("told=1; exit 0\n")
	out, status := g.run(t, script.String())
	if status != 0 || strings.Contains(out, "changed again") {
		t.Fatalf("put_block: status = %d, want 0 and no second change: %s\n%s", status, out, g.logs(t))
	}
	for i, content := range contents {
		want := content
		if content != "" && !strings.HasSuffix(content, "\n") {
			want += "\n" // a block cannot stand on an open line
		}
		name := fmt.Sprintf("root/file%d", i)
		begin := "# BEGIN fbdock: managed by fbdock, changes in this block are lost\n"
		for suffix, text := range map[string]string{
			".first": want + begin + "first\n# END fbdock\n", ".second": want + begin + "second\nthird\n# END fbdock\n", ".out": want,
		} {
			if got := g.file(t, name+suffix); got != text {
				t.Errorf("put_block in a file with %q: %s = %q, want %q", content, suffix, got, text)
			}
		}
		if out, _ := g.runBare(t, "stat -f '%Lp %Su' /"+name+".out"); out != "640 vagrant\n" {
			t.Errorf("put_block in a file with %q: mode and owner = %q, want 640 vagrant", content, out)
		}
	}
}
