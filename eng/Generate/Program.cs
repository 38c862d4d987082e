using LightReasoner.Generate;

if (args is not ["all", var repository])
{
    Console.Error.WriteLine("usage: generate all REPOSITORY");
    return 64;
}

foreach ((string path, string text) in GeneratedFiles.All())
{
    string file = Path.Combine(repository, path);
    Directory.CreateDirectory(Path.GetDirectoryName(file)!);
    File.WriteAllText(file, text);
}
return 0;
