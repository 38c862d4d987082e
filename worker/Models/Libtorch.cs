using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace LightReasoner.Worker.Models;

/// <summary>
/// Loads libtorch before TorchSharp looks for it: from the folder LIBTORCH (a libtorch archive or a PyTorch wheel's <c>torch</c> folder,
/// 2.10 or newer, CUDA included), or else from <c>libtorch/</c> beside the program. The dynamic linker then takes these wherever a library
/// of the same name is asked for.
/// </summary>
internal static class Libtorch
{
    private static readonly string s_own = Path.Combine(AppContext.BaseDirectory, "libtorch");

    [ModuleInitializer]
    internal static void Load()
    {
        var chosen = Environment.GetEnvironmentVariable("LIBTORCH");
        var folder = string.IsNullOrEmpty(chosen) ? s_own : Directory.Exists(Path.Combine(chosen, "lib"))
            ? Path.Combine(chosen, "lib") : chosen;
        var bindings = Path.Combine(s_own, "libLibTorchSharp.so");
        if (!File.Exists(bindings))
            return; // a build with the CUDA packages: TorchSharp finds their files
        foreach (var library in new[] { "libc10.so", "libtorch_cpu.so", "libtorch.so" })
        {
            var path = Path.Combine(folder, library);
            if (!File.Exists(path))
                throw new DllNotFoundException($"{path} is missing; LIBTORCH must name a folder with libtorch 2.10 or newer (or its lib "
                    + "folder)");
            NativeLibrary.Load(path);
        }
        NativeLibrary.Load(bindings);
    }
}
