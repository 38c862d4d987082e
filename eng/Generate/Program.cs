using LightReasoner.Api.Schema;

if (args is not ["crds", var folder])
{
    Console.Error.WriteLine("usage: generate crds FOLDER");
    return 64;
}

Directory.CreateDirectory(folder);
foreach ((string name, string text) in CrdGenerator.Files()) File.WriteAllText(Path.Combine(folder, name), text);
return 0;
