<?php
/**
 * REST route igny8/v1/pairing.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Pairing;

use Igny8\Bridge\Plugin;
use Igny8\Bridge\Signature\Webhook;
use WP_Error;
use WP_REST_Request;
use WP_REST_Response;
use WP_REST_Server;

/**
 * Pairs this site with igny8. Requests authenticate with the application password that the user approved.
 */
final class PairingController {

	/**
	 * Registers the route.
	 */
	public function register_routes(): void {
		register_rest_route(
			Plugin::REST_NAMESPACE,
			'/pairing',
			array(
				array(
					'methods'             => 'PUT',
					'callback'            => array( $this, 'pair' ),
					'permission_callback' => array( $this, 'may_pair' ),
					'args'                => $this->arguments(),
				),
				array(
					'methods'             => WP_REST_Server::DELETABLE,
					'callback'            => array( $this, 'unpair' ),
					'permission_callback' => array( $this, 'may_pair' ),
				),
			)
		);
	}

	/**
	 * Requires the capability publish_posts. Only administrators can change the pairing of another user.
	 *
	 * @return true|WP_Error
	 */
	public function may_pair() {
		if ( ! current_user_can( 'publish_posts' ) ) {
			return new WP_Error(
				'igny8_cannot_pair',
				__( 'Sorry, you are not allowed to pair this site with igny8.', 'igny8-bridge' ),
				array( 'status' => rest_authorization_required_code() )
			);
		}
		$pairing = Pairing::get();
		if ( $pairing && get_current_user_id() !== $pairing['user_id'] && ! current_user_can( 'manage_options' ) && get_userdata( $pairing['user_id'] ) ) {
			return new WP_Error(
				'igny8_paired_by_another',
				__( 'This site was paired by another user. Only that user or an administrator can change the pairing.', 'igny8-bridge' ),
				array( 'status' => 403 )
			);
		}
		return true;
	}

	/**
	 * Pairs the site or rotates the key.
	 *
	 * @param WP_REST_Request $request Request with the parameters of arguments().
	 * @return WP_REST_Response|WP_Error
	 */
	public function pair( WP_REST_Request $request ) {
		$pairing = Pairing::get();
		if ( $pairing && $pairing['site_id'] !== $request['site_id'] && ! $request['replace'] ) {
			return new WP_Error(
				'igny8_paired_already',
				__( 'This site is already paired with another site in igny8.', 'igny8-bridge' ),
				array( 'status' => 409 )
			);
		}
		if ( $pairing && $pairing['site_id'] === $request['site_id'] && $request['since'] < ( $pairing['since'] ?? 0 ) ) {
			return new WP_Error(
				'igny8_newer_key',
				__( 'This site already has a newer key.', 'igny8-bridge' ),
				array( 'status' => 409 )
			);
		}
		Pairing::set( $request['site_id'], $request['events_url'], $request['key'], $request['overlap'], $request['since'] );
		return new WP_REST_Response(
			array(
				'site_id'             => $request['site_id'],
				'previous_good_until' => self::iso( Pairing::previous_until() ),
			)
		);
	}

	/**
	 * Deletes the pairing.
	 */
	public function unpair(): WP_REST_Response {
		Pairing::forget();
		return new WP_REST_Response( array( 'paired' => false ) );
	}

	/**
	 * Formats a time as ISO 8601.
	 *
	 * @param int|null $time Unix timestamp.
	 */
	private static function iso( ?int $time ): ?string {
		return null === $time ? null : gmdate( 'Y-m-d\TH:i:s\Z', $time );
	}

	/**
	 * Returns the arguments of PUT.
	 */
	private function arguments(): array {
		return array(
			'site_id'    => array(
				'type'     => 'integer',
				'minimum'  => 1,
				'required' => true,
			),
			'events_url' => array(
				'type'              => 'string',
				'format'            => 'uri',
				'maxLength'         => 500,
				'required'          => true,
				'validate_callback' => array( $this, 'check_url' ),
			),
			'key'        => array(
				'type'              => 'string',
				'required'          => true,
				'validate_callback' => array( $this, 'check_key' ),
			),
			'overlap'    => array(
				'description' => 'Seconds for which the replaced key stays valid.',
				'type'        => 'integer',
				'minimum'     => 0,
				'maximum'     => Pairing::MAX_OVERLAP,
				'default'     => DAY_IN_SECONDS,
			),
			'since'      => array(
				'description' => 'When the key was created, in milliseconds since the Unix epoch. An older key does not replace a newer one.',
				'type'        => 'integer',
				'minimum'     => 0,
				'default'     => 0,
			),
			'replace'    => array(
				'description' => 'Whether to replace a pairing with another site in igny8.',
				'type'        => 'boolean',
				'default'     => false,
			),
		);
	}

	/**
	 * Accepts only URLs that wp_safe_remote_post() can request.
	 *
	 * @param mixed           $value   The sent value.
	 * @param WP_REST_Request $request The request.
	 * @param string          $name    Name of the parameter.
	 * @return true|WP_Error
	 */
	public function check_url( $value, WP_REST_Request $request, string $name ) {
		$valid = rest_validate_request_arg( $value, $request, $name );
		if ( true !== $valid ) {
			return $valid;
		}
		return wp_http_validate_url( $value ) ? true : new WP_Error( 'rest_invalid_param', __( 'WordPress does not send requests to this URL.', 'igny8-bridge' ) );
	}

	/**
	 * Accepts only whsec_ keys of 24 to 64 bytes.
	 *
	 * @param mixed $value The sent value.
	 * @return true|WP_Error
	 */
	public function check_key( $value ) {
		if ( is_string( $value ) && null !== Webhook::bytes_of( $value ) ) {
			return true;
		}
		return new WP_Error( 'rest_invalid_param', __( 'The key must be whsec_ followed by 24 to 64 bytes in base64.', 'igny8-bridge' ) );
	}
}
