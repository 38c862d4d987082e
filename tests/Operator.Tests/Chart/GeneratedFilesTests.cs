using LightReasoner.Generate;

namespace LightReasoner.Operator.Tests.Chart;

/// <summary>What is in the repository is what the code makes.</summary>
public sealed class GeneratedFilesTests
{
    [Fact]
    public void ChartFiles_AreCurrent()
    {
        foreach (var (path, text) in GeneratedFiles.All())
            Assert.True(File.ReadAllText(Path.Combine(RepositoryFolder.Path, path)) == text,
                $"{path} differs from the code: run `make generate`.");
        string[] extra = [.. new[] { "crds", "rbac" }.SelectMany(folder =>
            Directory.GetFiles(Path.Combine(RepositoryFolder.Path, GeneratedFiles.ChartFiles, folder)))
            .Select(file => Path.GetRelativePath(RepositoryFolder.Path, file)).Except(GeneratedFiles.All().Keys)];
        Assert.Empty(extra);
    }

    [Fact]
    public async Task Install_IsTheChartWithItsDefaults()
    {
        var folder = Directory.CreateTempSubdirectory("install-").FullName;
        try
        {
            var made = Path.Combine(folder, "lightreasoner.yaml");
            var (code, _, error) = await Helm.ExecuteAsync(Path.Combine(RepositoryFolder.Path, "eng/make-install.sh"), [made], "");
            Assert.SkipWhen(code == 69, error);
            Assert.True(code == 0, error);
            Assert.True(await File.ReadAllTextAsync(made) == await File.ReadAllTextAsync(Path.Combine(RepositoryFolder.Path,
                "install/lightreasoner.yaml")),
                "install/lightreasoner.yaml differs from the chart: run `make generate`.");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
