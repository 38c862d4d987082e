using LightReasoner.Generate;

if (args is not ["all", var repository])
{
    Console.Error.WriteLine("usage: generate all REPOSITORY");
    return 64;
}

foreach (var (path, text) in GeneratedFiles.All())
{
    var file = Path.Combine(repository, path);
    Directory.CreateDirectory(Path.GetDirectoryName(file)!);
    File.WriteAllText(file, text);
}
return 0;
