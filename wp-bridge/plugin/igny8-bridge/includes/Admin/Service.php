<?php
/**
 * What wp-admin asks the service.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Admin;

use Igny8\Bridge\Events\Outbox;
use Igny8\Bridge\Pairing\Pairing;
use WP_Error;

/**
 * Signed questions to the service that the site is paired with, which somebody waits for.
 */
final class Service {

	/** Somebody waits for the answer, in seconds. */
	const PATIENCE = 4;

	/** After no answer the page is shown at once for so long, in seconds, without one. */
	const REST = 30;

	const DOWN = 'igny8_bridge_down';

	/**
	 * Where a person finds the service, or null for a site that is not paired.
	 */
	public static function host(): ?string {
		$pairing = Pairing::get();
		return $pairing ? (string) wp_parse_url( $pairing['events_url'], PHP_URL_HOST ) : null;
	}

	/**
	 * Asks, and returns the answer. The error of one that did not answer says what to do.
	 *
	 * @param string $path Below the site's own address in the service, such as overview.
	 * @param array  $body What is asked.
	 * @param string $id   The value of webhook-id: with the same one it is done once.
	 * @return array|WP_Error
	 */
	public static function ask( string $path, array $body, string $id ) {
		$pairing = Pairing::get();
		if ( null === $pairing ) {
			return new WP_Error( 'igny8_not_paired', __( 'This site is not linked with igny8 yet.', 'igny8-bridge' ) );
		}
		// A question is asked again and again; what somebody wants done is tried.
		$down = 'overview' === $path ? get_transient( self::DOWN ) : false;
		if ( is_string( $down ) ) {
			return self::unreachable( $down );
		}
		$url    = preg_replace( '#events/$#', $path . '/', $pairing['events_url'] );
		$answer = Outbox::post( $url, $id, (string) wp_json_encode( (object) $body ), self::PATIENCE );
		$status  = (int) wp_remote_retrieve_response_code( $answer );
		$decoded = json_decode( wp_remote_retrieve_body( $answer ), true );
		if ( is_wp_error( $answer ) || $status >= 500 || ! is_array( $decoded ) ) {
			$cause = is_wp_error( $answer ) ? $answer->get_error_message() : "HTTP $status";
			set_transient( self::DOWN, $cause, self::REST );
			return self::unreachable( $cause );
		}
		delete_transient( self::DOWN );
		if ( 200 === $status ) {
			return $decoded;
		}
		if ( 401 === $status ) {
			return new WP_Error( 'igny8_refused', __( 'igny8 does not know this site by its key any more. Examine the site in igny8, or link it again; and check that the clock of this server is right.', 'igny8-bridge' ) );
		}
		$detail = is_string( $decoded['detail'] ?? null ) ? $decoded['detail'] : "HTTP $status";
		return new WP_Error( 'igny8_refused', $detail );
	}

	/**
	 * That the service does not answer, and what to do.
	 *
	 * @param string $cause Technical.
	 */
	private static function unreachable( string $cause ): WP_Error {
		return new WP_Error(
			'igny8_unreachable',
			/* translators: 1: the service's host name, 2: what went wrong. */
			sprintf( __( '%1$s does not answer (%2$s). What is shown was told earlier. Try again later; articles are published without this page too.', 'igny8-bridge' ), self::host(), $cause )
		);
	}
}
