#!/usr/bin/env bash
# The AVX-512 kernels on a processor that lacks them: a program without an operating system runs every set
# in Bochs, an emulator, and the digests of the sets have to be equal. A minute or two; more on a busy machine.
set -euo pipefail
cd "$(dirname "$0")/../../.."
. Tests/Portable/tools.sh
install_missing bochs-bin bochs /usr/share/bochs/BIOS-bochs-latest bochsbios \
  /usr/share/bochs/VGABIOS-lgpl-latest vgabios xorriso xorriso \
  /usr/lib/ISOLINUX/isolinux.bin isolinux /usr/lib/syslinux/modules/bios/mboot.c32 syslinux-common \
  objcopy binutils

here=Tests/Portable/bochs
out=$PWD/.build/portable/bochs
kernels=Sources/CMBQKernels
bytes=Sources/CMBQBytes
rm -rf "$out" && mkdir -p "$out/iso/isolinux"
flags=(-O2 -std=c17 -ffreestanding -fno-pic -fno-stack-protector -mno-red-zone -mcmodel=large
  -I "$kernels/include" -I "$bytes/include" -I Tests/Portable)
for source in $kernels/{x86,generic}/*.c $kernels/{kernel_sets,cpu}.c $bytes/crc32.c $bytes/x86/*.c \
  Tests/Portable/kernels_{check,wasm}.c $here/run.c; do
  "$clang" "${flags[@]}" -c "$source" -o "$out/$(basename "$source" .c).o"
done
"$clang" -c $here/start.S -o "$out/start.o"
"$toolchain/ld.lld" -m elf_x86_64 -T $here/link.ld -o "$out/kernels.elf" "$out"/*.o
# The loader takes 32-bit files only.
objcopy -O elf32-i386 "$out/kernels.elf" "$out/iso/kernels.elf"
cp /usr/lib/ISOLINUX/isolinux.bin /usr/lib/syslinux/modules/bios/{ldlinux,mboot,libcom32}.c32 "$out/iso/isolinux/"
printf 'DEFAULT kernels\nPROMPT 0\nLABEL kernels\n KERNEL mboot.c32\n APPEND /kernels.elf\n' >"$out/iso/isolinux/isolinux.cfg"
xorriso -as mkisofs -quiet -o "$out/disk.iso" -b isolinux/isolinux.bin -c isolinux/boot.cat \
  -no-emul-boot -boot-load-size 4 -boot-info-table "$out/iso" 2>"$out/xorriso.log"
# Without plugins nobody hears: the speaker's ends the emulator where there is no sound card.
cat >"$out/bochsrc" <<EOF
plugin_ctrl: unmapped=1, biosdev=1, speaker=0, extfpuirq=1, parallel=0, serial=1
display_library: rfb, options="timeout=0"
cpu: model=tigerlake, count=1, ips=100000000
memory: guest=256, host=256
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
ata0-master: type=cdrom, path=$out/disk.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev=$out/serial.txt
log: $out/bochs.log
clock: sync=none
EOF
# Builds with the debugger wait for a command, from a file and then from an input that stays open.
echo continue >"$out/commands"
touch "$out/serial.txt"
mkfifo "$out/input"
sleep 1800 >"$out/input" &
holder=$!
bochs-bin -q -f "$out/bochsrc" -rc "$out/commands" <"$out/input" >"$out/bochs.out" 2>&1 &
emulator=$!
trap 'kill $holder $emulator 2>/dev/null || true' EXIT
for _ in $(seq 1780); do
  if grep -q '^end' "$out/serial.txt" || ! kill -0 $emulator 2>/dev/null; then break; fi
  sleep 1
done
if ! grep -q '^end' "$out/serial.txt"; then
  tail -n 5 "$out/bochs.out" "$out/serial.txt" 2>/dev/null || true
  die "the emulated processor did not come to the end"
fi

lines_of() { sed -n "s/^$1 //p" "$out/serial.txt"; }
passed=0 failed=0
for set in avx512vnni avx512vl-vnni avx2; do
  if diff <(lines_of generic) <(lines_of $set) >"$out/difference" && [ -n "$(lines_of $set)" ]; then
    echo "ok      $set in Bochs: $(lines_of $set | wc -l) suites as generic"
    passed=$((passed + 1))
  else
    echo "FAILED  $set in Bochs"
    cat "$out/difference"
    failed=$((failed + 1))
  fi
done
echo "emulated: $passed passed, $failed failed"
[ $failed = 0 ]
