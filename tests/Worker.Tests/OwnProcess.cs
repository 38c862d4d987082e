using System.Diagnostics;
using System.Reflection;
using Xunit.Sdk;

namespace LightReasoner.Worker.Tests;

/// <summary>
/// A test that measures its whole process, where the others run at the same time, runs in a process of its own: this program once more,
/// with nothing but that test. It begins with
/// <c>if (await OwnProcess.RanAsync()) return;</c>.
/// </summary>
internal static class OwnProcess
{
    private const string Mark = "LIGHTREASONER_TEST_ALONE";

    /// <summary>
    /// Runs the present test elsewhere, passes on what it says, and fails where it failed; false where this is that process and the test's
    /// body is to be run.
    /// </summary>
    /// <param name="environment">Variables of that process.</param>
    public static async Task<bool> RanAsync(params (string Name, string Value)[] environment)
    {
        var method = TestContext.Current.TestMethod ?? throw new InvalidOperationException("This is no test.");
        var name = $"{method.TestClass.TestClassName}.{method.MethodName}";
        if (Environment.GetEnvironmentVariable(Mark) == name) return false;
        var start = new ProcessStartInfo("dotnet", [Assembly.GetExecutingAssembly().Location, "-noLogo", "-noColor",
            "-showLiveOutput", "-method", name])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[Mark] = name;
        foreach (var (variable, value) in environment) start.Environment[variable] = value;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var said = await process.StandardOutput.ReadToEndAsync() + await errors;
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0 && said.Contains("Total: 1, Errors: 0, Failed: 0, Skipped: 0"), said);
        TestContext.Current.TestOutputHelper?.WriteLine(said);
        return true;
    }

    /// <summary>Bytes of managed memory that are reachable: what a full collection left, whatever has been allocated since.</summary>
    public static long LiveBytes()
    {
        for (int round = 0; round < 2; round++) // the second takes what the finalizers of the first let go
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }
        var last = GC.GetGCMemoryInfo(GCKind.FullBlocking);
        return last.HeapSizeBytes - last.FragmentedBytes;
    }
}
