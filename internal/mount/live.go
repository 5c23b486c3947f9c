package mount

import "fmt"

// LiveScript is a condition of sh that is true in a guest while a folder is
// mounted at target, for who runs a command there. It looks at a note of
// the mount's own and never at the mount, which may be dead.
func LiveScript(target string) string {
	return "[ -e " + liveNotes + "/" + cksum(target) + ".live ]"
}

// liveNotes is where guest.sh keeps them.
const liveNotes = "/var/run/fbdock-mounts"

// cksum is what cksum(1) tells of a text, its words joined by "-": guest.sh
// names its notes so. Nothing has to be started in the guest for it.
func cksum(text string) string {
	var crc uint32
	add := func(b byte) {
		crc ^= uint32(b) << 24
		for range 8 {
			if crc&(1<<31) != 0 {
				crc = crc<<1 ^ 0x04c11db7
			} else {
				crc <<= 1
			}
		}
	}
	for i := range len(text) {
		add(text[i])
	}
	for n := len(text); n > 0; n >>= 8 {
		add(byte(n))
	}
	return fmt.Sprintf("%d-%d", ^crc, len(text))
}
