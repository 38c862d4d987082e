using System.Runtime.InteropServices;

namespace LightReasoner.Worker.Native;

/// <summary>Programs for the few instructions that .NET does not have, written when the process starts.</summary>
internal static unsafe partial class MachineCode
{
    /// <summary>Bytes of a cache line, where programs and tables begin.</summary>
    public const int CacheLine = 64;

    private const int PageSize = 4096, Read = 1, Write = 2, Execute = 4, PrivateAnonymous = 0x22;

    /// <summary>Whether code can be written for this machine: x86-64, called as C's functions are on Linux.</summary>
    public static bool Supported => OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64;

    /// <summary>Puts programs into memory that can be executed and no longer written; null where that is not allowed.</summary>
    /// <returns>Where each of them begins.</returns>
    public static nint[]? Map(params byte[][] programs)
    {
        var bytes = programs.Sum(program => Padded(program.Length));
        var pages = (nuint)(bytes + PageSize - 1) / PageSize * PageSize;
        var memory = mmap(0, pages, Read | Write, PrivateAnonymous, -1, 0);
        if (memory == -1)
            return null;
        var at = memory;
        var addresses = new nint[programs.Length];
        for (var i = 0; i < programs.Length; i++)
        {
            programs[i].CopyTo(new Span<byte>((void*)at, programs[i].Length));
            addresses[i] = at;
            at += Padded(programs[i].Length);
        }
        return mprotect(memory, pages, Read | Execute) == 0 ? addresses : null;
    }

    private static int Padded(int length) => (length + CacheLine - 1) / CacheLine * CacheLine;

    [LibraryImport("libc")]
    private static partial nint mmap(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc")]
    private static partial int mprotect(nint address, nuint length, int protection);
}
