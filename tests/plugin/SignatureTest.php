<?php
use Igny8\Bridge\Signature\Webhook;

final class SignatureTest extends BridgeTestCase
{
    /** @dataProvider vectors */
    public function test_agrees_with_the_shared_vectors(array $vector): void
    {
        ['keys' => $keys, 'id' => $id, 'timestamp' => $timestamp, 'now' => $now] = $vector;
        ['body' => $body, 'signature' => $signature, 'valid' => $valid] = $vector;
        $this->assertSame($valid, Webhook::verify($keys, $id, $timestamp, $signature, $body, $now));
        if (!empty($vector['signed'])) {
            $this->assertSame($signature, Webhook::sign($keys[0], $id, (int) $timestamp, $body));
        }
    }

    public function vectors(): array
    {
        $vectors = json_decode(file_get_contents(__DIR__ . '/signature-vectors.json'), true);
        return array_map(fn ($vector) => [$vector], array_column($vectors, null, 'name'));
    }
}
