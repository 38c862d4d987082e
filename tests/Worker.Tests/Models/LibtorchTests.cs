using System.Diagnostics;

namespace LightReasoner.Worker.Tests.Models;

/// <summary>The build's adaptation of TorchSharp's native library to an older libstdc++.</summary>
public sealed class LibtorchTests : IDisposable
{
    private const string Version = "GLIBCXX_3.4.30"; // a need that the build leaves alone

    private readonly string _folder = Directory.CreateTempSubdirectory("libtorch-").FullName;
    private readonly string _library = Path.Combine(AppContext.BaseDirectory, "libtorch/libLibTorchSharp.so");

    [Fact]
    public async Task WeakenVersionNeed_OlderLibstdcxx_MarksThatNeedAlone()
    {
        var (before, after) = await WeakenAsync("none-here");
        var changed = Enumerable.Range(0, before.Length).Where(i => before[i] != after[i]).ToArray();
        Assert.Equal((0, 2), (before[Assert.Single(changed)], after[changed[0]]));
    }

    [Fact]
    public async Task WeakenVersionNeed_LibstdcxxHasTheVersion_CopiesTheLibraryAsItIs()
    {
        var libstdcxx = Path.Combine(_folder, "libstdc++.so.6");
        await File.WriteAllTextAsync(libstdcxx, $"…{Version}\0…", TestContext.Current.CancellationToken);
        var (before, after) = await WeakenAsync(libstdcxx);
        Assert.Equal(before, after);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task<(byte[] Before, byte[] After)> WeakenAsync(string libstdcxx)
    {
        var (project, made) = (Path.Combine(_folder, "weaken.proj"), Path.Combine(_folder, "made.so"));
        await File.WriteAllTextAsync(project, $"""
            <Project>
              <UsingTask TaskName="WeakenVersionNeed" TaskFactory="RoslynCodeTaskFactory" AssemblyFile="$(MSBuildToolsPath)\Microsoft.Build.Tasks.Core.dll">
                <Task><Code Type="Class" Language="cs" Source="{RepositoryFolder.Of("eng", "WeakenVersionNeed.cs")}" /></Task>
              </UsingTask>
              <Target Name="Weaken"><WeakenVersionNeed Source="{_library}" Destination="{made}" Version="{Version}" Libstdcxx="{libstdcxx}" /></Target>
            </Project>
            """);
        using var process = Process.Start(new ProcessStartInfo("dotnet",
            ["msbuild", project, "-nologo"])
        { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, output);
        return (await File.ReadAllBytesAsync(_library), await File.ReadAllBytesAsync(made));
    }
}
