# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # names shared with the scripts that source it
# fbdock: whether bhyve can run in this guest. Sourced after lib.sh.
#
# kldload exits 0 and leaves hw.vmm sysctls behind even when vmm refused this
# CPU: only the module's own state and a virtual machine made for the test
# tell the truth.

# bhyve_refused prints why bhyve cannot run here, nothing when it can.
bhyve_refused() {
  [ ! -e /dev/vmm/fbdock ] || return 0
  attempt kldload -n vmm || true
  # Asked twice: the answer decides what runs the engine.
  if ! kldstat -qm vmm && ! kldstat -qm vmm; then
    reason=$(dmesg | grep -E 'vmx_modinit|vmx_init|SVM:|MOD_LOAD \(vmm' | tail -n 3 | tr '\n' ';')
    echo "${reason:-kldload vmm: $(words) and the kernel gave no reason}"
    return 0
  fi
  case $(sysctl -n hw.model) in
    *Intel*)
      for oid in hw.vmm.vmx.initialized hw.vmm.vmx.cap.unrestricted_guest; do
        if [ "$(sysctl -n "$oid" 2>/dev/null)" = 0 ]; then
          echo "$oid is 0: this CPU cannot start a UEFI guest here"
          return 0
        fi
      done
      ;;
  esac
  # A system without the userland yet is asked again when that is installed.
  command -v bhyvectl >/dev/null || return 0
  attempt bhyvectl --vm=fbdock-probe --destroy || true
  attempt bhyvectl --create --vm=fbdock-probe || echo "bhyvectl --create: status $rc: $(words)"
  attempt bhyvectl --vm=fbdock-probe --destroy || true
}

# decide_hypervisor writes down "bhyve" or "qemu REASON"; with
# hypervisor = "bhyve" and a guest that cannot, it ends the step with 3.
decide_hypervisor() {
  if [ "$FBDOCK_HYPERVISOR" = qemu ]; then
    put_fact hypervisor 'qemu as fbdock.hcl asks'
    return 0
  fi
  refused=$(bhyve_refused)
  if [ -z "$refused" ]; then
    put_fact hypervisor bhyve
    return 0
  fi
  refused=$(one_line "$refused")
  note "bhyve refused: $refused"
  if [ "$FBDOCK_HYPERVISOR" = bhyve ]; then
    told=1
    say "fail bhyve cannot run in this guest: $refused | hint: $(provider_switch), or set hypervisor = \"auto\" for the slow qemu"
    exit 3
  fi
  # The first reason stays: dmesg forgets.
  case $(fact hypervisor) in
    'qemu as fbdock'* | bhyve | '') put_fact hypervisor "qemu since bhyve cannot run: $refused" ;;
  esac
}

hypervisor() {
  decided=$(fact hypervisor)
  printf '%s\n' "${decided%% *}"
}

# engine_inputs is what a running engine was started with, on one line: when
# it has changed the engine is started anew.
engine_inputs() {
  printf '%s ' "$(hypervisor)" "$FBDOCK_ENGINE_CPUS" "$FBDOCK_ENGINE_MEMORY" "$FBDOCK_ENGINE_MAC" "$FBDOCK_ENGINE_UUID" \
    "$(fact seed-id)" "$(zfs get -H -o value fbdock:image "$(pool)/fbdock/vm/root")" \
    "$(zfs get -H -p -o value volsize "$(pool)/fbdock/vm/data")" "$(shares 9p | awk '{ print $1 }' | tr '\n' ',')" \
    "$(sha256 -q "$libexec/fbdock-supervisor")"
  echo
}

# state is the supervisor's word: starting, running, backoff or stopped.
state() {
  line=
  [ ! -e "$run/state" ] || IFS= read -r line <"$run/state" || true
  printf '%s\n' "${line%% *}"
}

provider_switch() {
  case $FBDOCK_PROVIDER in
    virtualbox) echo 'VirtualBox: VBoxManage modifyvm NAME --nested-hw-virt on, and no Hyper-V or WSL2 on a Windows host' ;;
    vmware_desktop) echo 'VMware: vhv.enable = "TRUE" in the .vmx, and no Hyper-V or WSL2 on a Windows host' ;;
    libvirt | qemu) echo 'KVM: modprobe kvm_intel (or kvm_amd) with nested=1 on the host and pass the CPU through' ;;
    hyperv) echo "Hyper-V: Set-VMProcessor NAME -ExposeVirtualizationExtensions \$true" ;;
    parallels) echo 'Parallels: prlctl set NAME --nested-virt on (Intel Macs, Pro edition)' ;;
    ssh | native) echo "switch virtualization (VT-x or SVM) on in the setup of this computer's firmware, or, where it is a VM itself, nesting in its hypervisor" ;;
    utm) echo 'UTM cannot nest virtual machines' ;;
    *) echo "switch nested virtualization on for provider $FBDOCK_PROVIDER" ;;
  esac
}
