package main

func nfsCommands() map[string]command {
	return map[string]command{"showmount": showmount, "mountd": mountd, "nfsd": nfsd, "rpcbind": rpcbind}
}

func showmount(l *lab) int {
	return l.fail("lab: the lab serves no NFS yet")
}

func mountd(l *lab) int  { return l.fail("lab: the lab serves no NFS yet") }
func nfsd(l *lab) int    { return l.fail("lab: the lab serves no NFS yet") }
func rpcbind(l *lab) int { return l.fail("lab: the lab serves no NFS yet") }
