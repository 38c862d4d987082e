using System;
using System.IO;
using System.Linq;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// Copies a 64-bit little-endian ELF library and, where this machine's libstdc++ lacks a symbol version that it needs, marks that need as
/// weak, so that the dynamic linker accepts its absence. Only for a version that no relocation uses (gABI: Elfxx_Vernaux, VER_FLG_WEAK).
/// </summary>
public class WeakenVersionNeed : Task
{
    private const int SectionVersionNeeds = 0x6ffffffe; // SHT_GNU_verneed
    private const ushort Weak = 2; // VER_FLG_WEAK

    [Required] public string Source { get; set; } = "";
    [Required] public string Destination { get; set; } = "";

    /// <summary>The version, such as GLIBCXX_3.4.32.</summary>
    [Required] public string Version { get; set; } = "";

    /// <summary>
    /// The libstdc++ that is asked for the version; by default the first in the places where distributions put it. A missing one counts as
    /// too old.
    /// </summary>
    public string Libstdcxx { get; set; } = "";

    public override bool Execute()
    {
        var library = Libstdcxx.Length > 0 ? Libstdcxx : new[] { "/usr/lib/x86_64-linux-gnu", "/lib/x86_64-linux-gnu",
            "/usr/lib64", "/lib64", "/usr/lib" }
            .Select(folder => folder + "/libstdc++.so.6").FirstOrDefault(File.Exists);
        var file = File.ReadAllBytes(Source);
        if (!File.Exists(library) || !Contains(File.ReadAllBytes(library), Version))
        {
            if (!MarkWeak(file, Version))
                Log.LogWarning("{0} has no need of version {1}; it is copied as it is", Source, Version);
            else
                Log.LogMessage(MessageImportance.Normal, "{0}: the need of {1}, which {2} lacks, is marked as weak", Source, Version,
                    library ?? "this machine");
        }
        Directory.CreateDirectory(Path.GetDirectoryName(Destination));
        File.Delete(Destination); // it may be linked into outputs
        File.WriteAllBytes(Destination, file);
        return !Log.HasLoggedErrors;
    }

    private static bool MarkWeak(byte[] elf, string version)
    {
        long sections = BitConverter.ToInt64(elf, 0x28);
        int size = BitConverter.ToUInt16(elf, 0x3a), count = BitConverter.ToUInt16(elf, 0x3c);
        Func<long, long> offsetOf = section => BitConverter.ToInt64(elf, (int)section + 0x18);
        for (var section = sections; section < sections + (long)size * count; section += size)
        {
            if (BitConverter.ToInt32(elf, (int)section + 4) != SectionVersionNeeds)
                continue;
            var names = offsetOf(sections + (long)size * BitConverter.ToInt32(elf, (int)section + 0x28));
            var need = offsetOf(section);
            for (uint next = 1; next != 0; need += next)
            {
                next = BitConverter.ToUInt32(elf, (int)need + 12); // vn_next
                var auxiliary = need + BitConverter.ToUInt32(elf, (int)need + 8); // vn_aux
                for (uint following = 1; following != 0; auxiliary += following)
                {
                    following = BitConverter.ToUInt32(elf, (int)auxiliary + 12); // vna_next
                    var name = (int)(names + BitConverter.ToUInt32(elf, (int)auxiliary + 8)); // vna_name
                    if (Encoding.ASCII.GetString(elf, name, Array.IndexOf(elf, (byte)0, name) - name) != version)
                        continue;
                    elf[auxiliary + 4] |= (byte)Weak; // vna_flags
                    return true;
                }
            }
        }
        return false;
    }

    /// <summary>Whether a library defines a version: its name stands there, ended by 0.</summary>
    private static bool Contains(byte[] library, string version) =>
        Encoding.GetEncoding("iso-8859-1").GetString(library).Contains(version + "\0");
}
