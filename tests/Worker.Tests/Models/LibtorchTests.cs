using System.Diagnostics;

namespace LightReasoner.Worker.Tests.Models;

/// <summary>The build's adaptation of TorchSharp's native library to an older libstdc++.</summary>
public sealed class LibtorchTests : IDisposable
{
    private const string Version = "GLIBCXX_3.4.30"; // a need that the build leaves alone

    private readonly string _folder = Directory.CreateTempSubdirectory("libtorch-").FullName;
    private readonly string _library = Path.Combine(AppContext.BaseDirectory, "libtorch/libLibTorchSharp.so");

    /// <summary>With a libstdc++ that is too old, or not to be found, that one need is marked; with one that has the version, none
    /// is.</summary>
    [Fact, Trait("Suite", "long")]
    public async Task WeakenVersionNeed_WhereLibstdcxxLacksTheVersion_MarksThatNeedAlone()
    {
        var newer = Path.Combine(_folder, "libstdc++.so.6");
        await File.WriteAllTextAsync(newer, $"…{Version}\0…", TestContext.Current.CancellationToken);
        var before = await File.ReadAllBytesAsync(_library, TestContext.Current.CancellationToken);
        var made = await WeakenAsync("none-here", newer);
        var changed = Enumerable.Range(0, before.Length).Where(i => before[i] != made[0][i]).ToArray();
        Assert.Equal((0, 2), (before[Assert.Single(changed)], made[0][changed[0]]));
        Assert.Equal(before, made[1]);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>What the build makes of the library for each libstdc++.</summary>
    private async Task<byte[][]> WeakenAsync(params string[] libraries)
    {
        var project = Path.Combine(_folder, "weaken.proj");
        var calls = libraries.Select((libstdcxx, i) =>
            $"""<WeakenVersionNeed Source="{_library}" Destination="{_folder}/made-{i}.so" Version="{Version}" Libstdcxx="{libstdcxx}" />""");
        await File.WriteAllTextAsync(project, $"""
            <Project>
              <UsingTask TaskName="WeakenVersionNeed" TaskFactory="RoslynCodeTaskFactory" AssemblyFile="$(MSBuildToolsPath)\Microsoft.Build.Tasks.Core.dll">
                <Task><Code Type="Class" Language="cs" Source="{RepositoryFolder.Of("eng", "WeakenVersionNeed.cs")}" /></Task>
              </UsingTask>
              <Target Name="Weaken">{string.Concat(calls)}</Target>
            </Project>
            """);
        using var process = Process.Start(new ProcessStartInfo("dotnet",
            ["msbuild", project, "-nologo"])
        { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, output);
        return [.. libraries.Select((_, i) => File.ReadAllBytes($"{_folder}/made-{i}.so"))];
    }
}
