using Azure.Storage.Blobs;
using Azure.Storage.Sas;

namespace LightReasoner.EndToEnd;

/// <summary>What the pages use of Azure's command line, against an emulator. A script for node, which the emulator needs anyway.</summary>
internal static class AzureCommandLine
{
    /// <summary>The script; options that it does not know, and commands, are errors.</summary>
    public const string Script = """
        import fs from 'node:fs';
        import path from 'node:path';

        const known = ['connection-string', 'name', 'destination', 'source', 'destination-path', 'container-name', 'file'];
        const command = [], options = {};
        for (let words = process.argv.slice(2); words.length > 0;) {
            const word = words.shift();
            if (!word.startsWith('-')) command.push(word);
            else if (known.includes(word.slice(2))) options[word.slice(2)] = words.shift();
            else throw new Error(`az: the test does not know ${word}`);
        }
        if (options['connection-string'] !== process.env.CONNECTION) throw new Error('az: --connection-string "$CONNECTION" is missing');

        async function ask(method, name, query = '', init = {}) {
            const response = await fetch(`${process.env.BLOB_ENDPOINT}/${name}?${process.env.BLOB_SAS}${query}`, { method, ...init });
            if (!response.ok) throw new Error(`az: ${method} ${name}: ${response.status} ${await response.text()}`);
            return response;
        }
        const files = folder => fs.readdirSync(folder, { withFileTypes: true })
            .flatMap(entry => entry.isDirectory() ? files(path.join(folder, entry.name)) : [path.join(folder, entry.name)]);
        switch (command.join(' ')) {
            case 'storage container create': await ask('PUT', options.name, '&restype=container'); break;
            case 'storage container delete': await ask('DELETE', options.name, '&restype=container'); break;
            case 'storage blob upload-batch':
                for (const file of files(options.source))
                    await ask('PUT', path.posix.join(options.destination, options['destination-path'] ?? '', path.relative(options.source, file)), '',
                        { headers: { 'x-ms-blob-type': 'BlockBlob' }, body: fs.readFileSync(file) });
                break;
            case 'storage blob download':
                fs.writeFileSync(options.file, Buffer.from(await (await ask('GET', `${options['container-name']}/${options.name}`)).arrayBuffer()));
                break;
            default: throw new Error(`az: the test does not know '${command.join(' ')}'`);
        }
        """;

    /// <summary>The environment that the script and the pages need.</summary>
    public static IEnumerable<(string Name, string Value)> Environment(string connection)
    {
        var account = new BlobServiceClient(connection);
        var signed = account.GenerateAccountSasUri(AccountSasPermissions.All, DateTimeOffset.UtcNow.AddHours(1),
            AccountSasResourceTypes.All);
        return [("CONNECTION", connection), ("BLOB_ENDPOINT", account.Uri.AbsoluteUri.TrimEnd('/')), ("BLOB_SAS", signed.Query[1..])];
    }
}
